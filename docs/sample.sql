-- Sample data: 1,000 visitors of a shop in March 2026, one every 40 minutes.
-- Every 10th of them clicks, every 20th fills a cart, every 100th buys on the next day.
CREATE EXTENSION IF NOT EXISTS funnel;

CREATE TABLE events AS
SELECT user_id,
       timestamptz '2026-03-01 00:00+00' + user_id * interval '40 min' + delay AS ts,
       event,
       CASE WHEN user_id % 3 = 0 THEN 'fr' ELSE 'de' END AS country,
       amount::float8
FROM generate_series(1, 1000) AS user_id,
     LATERAL (VALUES
         ('visit', 1, interval '0', NULL),
         ('click', 10, interval '1 min' * (1 + user_id % 7), NULL),
         ('cart', 20, interval '1 min' * (10 + user_id % 13), 20 + user_id % 7),
         ('buy', 100, interval '24 h' + interval '1 min' * (user_id / 50), 20 + user_id % 7))
     AS done(event, every, delay, amount)
WHERE user_id % every = 0;
