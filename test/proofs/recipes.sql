-- The tables of docs/recipes.md, computed a second time without the extension.
--
-- A line "-- Heading, N" says which table: the Nth under that heading.  The
-- query after it runs where the page has just shown the table, and prints it
-- letter by letter.

-- What became of those who came in one week?, 1
WITH visits AS (
    SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY ts) AS nth
    FROM shop WHERE event = 'visit'
), entries AS (
    SELECT * FROM visits
    WHERE (ts AT TIME ZONE 'America/New_York')::date BETWEEN '2026-03-02' AND '2026-03-08'
), followed AS (
    SELECT v.user_id, nth, p.user_id AS buyer,
           (p.ts AT TIME ZONE 'America/New_York')::date <= '2026-03-08' AS in_week
    FROM entries AS v LEFT JOIN shop AS p ON p.user_id = v.user_id AND p.event = 'purchase'
         AND p.ts BETWEEN v.ts AND v.ts + interval '168 hours'
), counted(place, who, came, bought) AS (
    SELECT 1, 'who came in the week', count(DISTINCT user_id), count(DISTINCT buyer)
    FROM followed
    UNION ALL
    SELECT 2, 'who came for the first time', count(DISTINCT user_id), count(DISTINCT buyer)
    FROM followed WHERE nth = 1
    UNION ALL
    SELECT 3, 'wrong: rows of the week only', count(DISTINCT user_id),
           count(DISTINCT buyer) FILTER (WHERE in_week)
    FROM followed
)
SELECT who, came, bought, round(bought::numeric / came, 3) AS rate FROM counted ORDER BY place;

-- How does the rate change from week to week?, 1
WITH known AS (
    SELECT * FROM clicks WHERE ts < '2026-02-14 12:00+00'
), visits AS (
    SELECT user_id, date_trunc('week', ts AT TIME ZONE 'America/New_York') AS monday,
           row_number() OVER (PARTITION BY user_id ORDER BY ts) = 1 AS first,
           EXISTS (SELECT FROM known AS b WHERE b.user_id = v.user_id AND b.event = 'buy'
                   AND b.ts BETWEEN v.ts AND v.ts + interval '168 hours') AS buys
    FROM known AS v WHERE event = 'visit'
), weeks AS (
    SELECT monday, count(DISTINCT user_id) AS came, count(DISTINCT user_id) FILTER (WHERE buys) AS bought,
           count(*) FILTER (WHERE first) AS new, count(*) FILTER (WHERE first AND buys) AS new_bought
    FROM visits GROUP BY monday
)
SELECT to_char(monday, 'YYYY-MM-DD') AS week, came, bought, round(bought::numeric / came, 3) AS rate,
       new, new_bought, round(new_bought::numeric / nullif(new, 0), 3) AS new_rate,
       monday + interval '14 days' > (SELECT max(ts) FROM known) AT TIME ZONE 'America/New_York' AS incomplete
FROM weeks ORDER BY monday;

-- What is the rate of those whose window is over?, 1
WITH firsts AS (
    SELECT user_id, min(ts) AS ts, (SELECT max(ts) FROM shop) AS horizon
    FROM shop WHERE event = 'visit' GROUP BY user_id
), judged AS (
    SELECT ts + interval '168 hours' <= horizon AS over,
           EXISTS (SELECT FROM shop AS p WHERE p.user_id = v.user_id AND p.event = 'purchase'
                   AND p.ts BETWEEN v.ts AND v.ts + interval '168 hours') AS buys
    FROM firsts AS v
)
SELECT who, count(*) AS came, count(*) FILTER (WHERE buys) AS bought,
       count(*) FILTER (WHERE NOT buys AND over) AS dropped,
       count(*) FILTER (WHERE NOT buys AND NOT over) AS pending,
       round(avg(buys::int), 3) AS rate
FROM judged, (VALUES ('everybody', true), ('window over', false)) AS asked(who, everybody)
WHERE everybody OR over
GROUP BY who ORDER BY who;

-- Where does the newest attempt stand, and whom do we call?, 1
-- A result stores the last moment of an attempt in intervals of 2^29
-- microseconds, the largest power of two within 1/1024 of seven days.
WITH newest AS (
    SELECT DISTINCT ON (user_id) user_id, ts, ts + interval '168 hours' AS until
    FROM shop WHERE event = 'visit' ORDER BY user_id, ts DESC
), viewed AS MATERIALIZED (
    SELECT *, (SELECT min(e.ts) FROM shop AS e WHERE e.user_id = n.user_id AND event = 'view'
               AND e.ts BETWEEN n.ts AND until) AS view_at FROM newest AS n
), filled AS MATERIALIZED (
    SELECT *, (SELECT min(e.ts) FROM shop AS e WHERE e.user_id = n.user_id AND event = 'cart'
               AND e.ts BETWEEN view_at AND until) AS cart_at FROM viewed AS n
), checked AS MATERIALIZED (
    SELECT *, (SELECT min(e.ts) FROM shop AS e WHERE e.user_id = n.user_id AND event = 'checkout'
               AND e.ts BETWEEN cart_at AND until) AS checkout_at FROM filled AS n
), bought AS MATERIALIZED (
    SELECT *, (SELECT min(e.ts) FROM shop AS e WHERE e.user_id = n.user_id AND event = 'purchase'
               AND e.ts BETWEEN checkout_at AND until) AS purchase_at FROM checked AS n
), depths AS (
    SELECT num_nonnulls(ts, view_at, cart_at, checkout_at, purchase_at) AS depth,
           floor(extract(epoch FROM until - '2000-01-01 00:00+00') * 1000000 / 2 ^ 29) >=
           floor(extract(epoch FROM (SELECT max(ts) FROM shop) - '2000-01-01 00:00+00') * 1000000 / 2 ^ 29)
               AS open
    FROM bought
)
SELECT step, stage, count(*) FILTER (WHERE depth >= step) AS users,
       count(*) FILTER (WHERE depth = step AND NOT open AND step < 5) AS dropped,
       count(*) FILTER (WHERE depth = step AND open AND step < 5) AS pending
FROM depths, (VALUES (1, 'visit'), (2, 'view'), (3, 'cart'), (4, 'checkout'), (5, 'purchase')) AS s(step, stage)
GROUP BY step, stage ORDER BY step;

-- Where does the newest attempt stand, and whom do we call?, 2
WITH newest AS (
    SELECT user_id, max(ts) FILTER (WHERE event = 'visit') AS came, max(ts) AS last_at,
           max(ts) FILTER (WHERE event = 'visit') + interval '168 hours' AS open_until
    FROM shop GROUP BY user_id
), viewed AS MATERIALIZED (
    SELECT n.*, min(ts) AS view_at FROM newest AS n JOIN shop USING (user_id)
    WHERE event = 'view' AND ts BETWEEN came AND open_until GROUP BY user_id, came, last_at, open_until
), filled AS MATERIALIZED (
    SELECT n.*, min(ts) AS cart_at FROM viewed AS n JOIN shop USING (user_id)
    WHERE event = 'cart' AND ts BETWEEN view_at AND open_until GROUP BY user_id, came, last_at, open_until, view_at
), checked AS MATERIALIZED (
    SELECT n.user_id, last_at, open_until, min(ts) AS checkout_at FROM filled AS n JOIN shop USING (user_id)
    WHERE event = 'checkout' AND ts BETWEEN cart_at AND open_until GROUP BY n.user_id, last_at, open_until
)
SELECT user_id, checkout_at, last_at, open_until
FROM checked AS c
WHERE NOT EXISTS (SELECT FROM shop AS p WHERE p.user_id = c.user_id AND event = 'purchase'
                  AND ts BETWEEN checkout_at AND open_until)
  AND open_until > '2026-03-17 00:00+00' AND last_at < '2026-03-15 00:00+00'
ORDER BY open_until LIMIT 12;

-- Who never did it?, 1
WITH pairs AS (
    SELECT s.customer, s.ts AS signup_at, b.ts AS buy_at,
           EXISTS (SELECT FROM support AS h WHERE h.customer = s.customer AND h.event = 'help'
                   AND h.ts > s.ts AND h.ts < b.ts) AS between,
           EXISTS (SELECT FROM support AS h WHERE h.customer = s.customer AND h.event = 'help'
                   AND h.ts < s.ts) AS before,
           EXISTS (SELECT FROM support AS h WHERE h.customer = s.customer AND h.event = 'help') AS ever
    FROM support AS s LEFT JOIN support AS b ON b.customer = s.customer AND b.event = 'buy'
         AND b.ts BETWEEN s.ts AND s.ts + interval '168 hours'
    WHERE s.event = 'signup'
)
SELECT who, count(DISTINCT customer) AS signed_up, count(DISTINCT customer) FILTER (WHERE bought) AS bought,
       array_agg(DISTINCT customer) FILTER (WHERE bought) AS buyers
FROM pairs, LATERAL (VALUES
    (1, 'all', buy_at IS NOT NULL, true), (2, 'no help between', buy_at IS NOT NULL AND NOT between, true),
    (3, 'no help before', buy_at IS NOT NULL, NOT before), (4, 'no help ever', buy_at IS NOT NULL, NOT ever))
    AS asked(place, who, bought, counts)
WHERE counts GROUP BY place, who ORDER BY place;

-- What if some events have only a date?, 1
WITH days AS (
    SELECT customer, event, coalesce(on_day, (at AT TIME ZONE 'America/New_York')::date) AS day FROM trips
)
SELECT to_char(date_trunc('week', v.day::timestamp), 'YYYY-MM-DD') AS week,
       count(DISTINCT v.customer) AS came, count(DISTINCT p.customer) AS bought
FROM days AS v LEFT JOIN days AS p ON p.customer = v.customer AND p.event = 'purchase'
     AND p.day BETWEEN v.day AND v.day + 7
WHERE v.event = 'visit' GROUP BY 1 ORDER BY 1;

-- What if some events have only a date?, 2
SELECT to_char(date_trunc('week', v.at AT TIME ZONE 'America/New_York'), 'YYYY-MM-DD') AS week,
       count(DISTINCT v.customer) AS came, count(DISTINCT p.customer) AS bought
FROM trips AS v LEFT JOIN trips AS p ON p.customer = v.customer AND p.event = 'purchase'
     AND (p.at BETWEEN v.at AND v.at + interval '168 hours'
          OR p.on_day >= (v.at AT TIME ZONE 'America/New_York')::date
             AND (p.on_day + 1)::timestamp AT TIME ZONE 'America/New_York' <= v.at + interval '168 hours')
WHERE v.event = 'visit' GROUP BY 1 ORDER BY 1;

-- Which channel brings buyers, by first touch and last?, 1
WITH visits AS (
    SELECT user_id, channel,
           row_number() OVER (PARTITION BY user_id ORDER BY ts) = 1 AS first,
           row_number() OVER (PARTITION BY user_id ORDER BY ts DESC) = 1 AS newest,
           EXISTS (SELECT FROM shop AS p WHERE p.user_id = v.user_id AND p.event = 'purchase'
                   AND p.ts BETWEEN v.ts AND v.ts + interval '168 hours') AS buys
    FROM shop AS v WHERE event = 'visit'
)
SELECT coalesce(channel, '(all)') AS channel,
       count(DISTINCT user_id) AS came, count(DISTINCT user_id) FILTER (WHERE buys) AS bought,
       count(*) FILTER (WHERE first) AS first_came, count(*) FILTER (WHERE first AND buys) AS first_bought,
       count(*) FILTER (WHERE newest) AS newest_came, count(*) FILTER (WHERE newest AND buys) AS newest_bought
FROM visits GROUP BY ROLLUP (channel) ORDER BY visits.channel;

-- Which channel brings buyers, by first touch and last?, 2
WITH purchases AS (
    SELECT DISTINCT ON (p.user_id) p.user_id, v.channel AS last_touch
    FROM shop AS p JOIN shop AS v ON v.user_id = p.user_id AND v.event = 'visit'
         AND p.ts BETWEEN v.ts AND v.ts + interval '168 hours'
    WHERE p.event = 'purchase' ORDER BY p.user_id, p.ts, v.ts DESC
)
SELECT coalesce(last_touch, '(all)') AS last_touch, count(*) AS buyers
FROM purchases GROUP BY ROLLUP (last_touch) ORDER BY purchases.last_touch;

-- What does a channel cost, and what does it earn?, 1
WITH firsts AS (
    SELECT DISTINCT ON (user_id) user_id, ts, channel FROM shop WHERE event = 'visit' ORDER BY user_id, ts
), users AS (
    SELECT f.channel, f.user_id,
           EXISTS (SELECT FROM shop AS c JOIN shop AS p USING (user_id) WHERE c.user_id = f.user_id
                   AND c.event = 'cart' AND p.event = 'purchase' AND c.ts >= f.ts AND p.ts >= c.ts
                   AND p.ts <= f.ts + interval '168 hours') AS buyer,
           EXISTS (SELECT FROM shop AS c WHERE c.user_id = f.user_id AND c.event = 'cart'
                   AND c.ts BETWEEN f.ts AND f.ts + interval '168 hours') AS cart,
           (SELECT count(*) FROM shop AS p WHERE p.user_id = f.user_id AND p.event = 'purchase'
            AND p.ts BETWEEN f.ts AND f.ts + interval '168 hours') AS orders,
           (SELECT sum(amount) FROM shop AS p WHERE p.user_id = f.user_id AND p.event = 'purchase'
            AND p.ts BETWEEN f.ts AND f.ts + interval '168 hours') AS earned
    FROM firsts AS f
)
SELECT channel, amount AS spent, round(amount / nullif(count(user_id), 0), 2) AS per_visitor,
       round(amount / nullif(count(*) FILTER (WHERE cart), 0), 2) AS per_cart,
       round(amount / nullif(count(*) FILTER (WHERE buyer), 0), 2) AS per_buyer,
       coalesce(sum(orders), 0) AS orders_7_days, coalesce(sum(earned), 0) AS earned_7_days,
       round(coalesce(sum(earned), 0)::numeric / amount - 1, 2) AS roi_7_days
FROM spend LEFT JOIN users USING (channel)
GROUP BY channel, amount ORDER BY roi_7_days DESC, channel;

-- Did they buy what they put into the cart?, 2
WITH pairs AS (
    SELECT v.user_id, v.product, v.ts AS view_at, c.ts AS cart_at, p.ts AS purchase_at
    FROM shop AS v
    LEFT JOIN shop AS c ON c.user_id = v.user_id AND c.product = v.product AND c.event = 'cart'
         AND c.ts BETWEEN v.ts AND v.ts + interval '168 hours'
    LEFT JOIN shop AS p ON p.user_id = v.user_id AND p.product = v.product AND p.event = 'purchase'
         AND p.ts BETWEEN c.ts AND v.ts + interval '168 hours'
    WHERE v.event = 'view'
), units AS (
    SELECT min(cart_at - view_at) AS to_cart, bool_or(cart_at IS NOT NULL) AS cart,
           min(purchase_at - cart_at) AS to_purchase, bool_or(purchase_at IS NOT NULL) AS purchase
    FROM pairs GROUP BY user_id, product
), counted(step, stage, pairs, before, median) AS (
    SELECT 1, 'view', count(*), NULL, NULL FROM units
    UNION ALL
    SELECT 2, 'cart', count(*) FILTER (WHERE cart), count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY to_cart)
    FROM units
    UNION ALL
    SELECT 3, 'purchase', count(*) FILTER (WHERE purchase), count(*) FILTER (WHERE cart),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY to_purchase)
    FROM units
)
SELECT step, stage, pairs, round(pairs::numeric / before, 3) AS from_previous,
       round(extract(epoch FROM median)) AS median_seconds
FROM counted ORDER BY step;

-- How many leads of marketing does sales take up?, 1
WITH handed AS (
    SELECT q.contact, min(q.ts) AS ts
    FROM contacts AS a JOIN contacts AS l USING (contact) JOIN contacts AS q USING (contact)
    WHERE a.event = 'ad' AND l.event = 'lead' AND q.event = 'qualified' AND a.ts <= l.ts AND l.ts <= q.ts
      AND q.ts <= a.ts + interval '720 hours'
    GROUP BY q.contact
), begun AS (
    SELECT contact, ts, true AS marketing FROM handed
    UNION ALL
    SELECT contact, min(ts), false FROM contacts
    WHERE event = 'qualified' AND contact NOT IN (SELECT contact FROM handed) GROUP BY contact
), called AS (
    SELECT *, (SELECT min(c.ts) FROM contacts AS c WHERE c.contact = b.contact AND event = 'call'
               AND c.ts BETWEEN b.ts AND b.ts + interval '2160 hours') - ts AS lag
    FROM begun AS b
)
SELECT count(*) FILTER (WHERE marketing) AS handed_over,
       count(lag) FILTER (WHERE marketing) AS taken_up,
       round(count(lag) FILTER (WHERE marketing)::numeric / count(*) FILTER (WHERE marketing), 3) AS ratio,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) FILTER (WHERE marketing) AS median_lag,
       count(lag) FILTER (WHERE NOT marketing) AS on_their_own
FROM called;

-- Which deals are lost, and which are still open?, 1
WITH last AS (
    SELECT deal, max(stage::int) FILTER (WHERE stage::int < 5) AS deepest, bool_or(stage::int = 5) AS lost
    FROM moves GROUP BY deal
)
SELECT s.stage::int AS step, substr(s.stage::text, 3) AS stage,
       count(*) FILTER (WHERE deepest >= s.stage::int) AS users,
       count(*) FILTER (WHERE deepest = s.stage::int AND lost) AS lost,
       count(*) FILTER (WHERE deepest = s.stage::int AND deepest < 4 AND NOT lost) AS open
FROM last, stages AS s WHERE s.stage::int < 5
GROUP BY s.stage ORDER BY s.stage;

-- How many users come back?, 1
WITH days AS (
    SELECT DISTINCT user_id, (ts AT TIME ZONE 'America/New_York')::date AS day
    FROM clicks WHERE ts < '2026-02-14 12:00+00'
), firsts AS (
    SELECT user_id, min(day) AS first FROM days GROUP BY user_id
)
SELECT date_trunc('week', first::timestamp)::date AS week, count(DISTINCT user_id) AS users,
       count(DISTINCT user_id) FILTER (WHERE day = first + 1) AS day_1,
       count(DISTINCT user_id) FILTER (WHERE day = first + 7) AS day_7,
       count(DISTINCT user_id) FILTER (WHERE day BETWEEN first + 1 AND first + 6) AS days_1_6,
       count(DISTINCT user_id) FILTER (WHERE day BETWEEN first + 7 AND first + 13) AS days_7_13,
       count(DISTINCT user_id) FILTER (WHERE day >= first + 7) AS day_7_or_later
FROM days JOIN firsts USING (user_id) GROUP BY week ORDER BY week;

-- By month, 1
WITH known AS (
    SELECT * FROM clicks WHERE ts < '2026-03-01 00:00+00'
), chains AS (
    SELECT v.user_id, c.user_id AS cart, b.user_id AS buy
    FROM known AS v
    LEFT JOIN known AS c ON c.user_id = v.user_id AND c.event = 'cart'
         AND c.ts BETWEEN v.ts AND v.ts + interval '336 hours'
    LEFT JOIN known AS b ON b.user_id = v.user_id AND b.event = 'buy'
         AND b.ts BETWEEN c.ts AND v.ts + interval '336 hours'
    WHERE v.event = 'visit'
)
SELECT step, stage, users
FROM (SELECT count(DISTINCT user_id) AS v, count(DISTINCT cart) AS c, count(DISTINCT buy) AS b FROM chains) AS n,
    LATERAL (VALUES (1, 'visit', v), (2, 'cart', c), (3, 'buy', b)) AS s(step, stage, users)
ORDER BY step;

-- Repeat purchases, 1
SELECT to_char(first, 'YYYY-MM') AS first_bought, count(*) AS buyers,
       count(*) FILTER (WHERE purchases >= 2) AS again, count(*) FILTER (WHERE purchases >= 3) AS three_times
FROM (
    SELECT min(ts) AT TIME ZONE 'UTC' AS first, count(*) AS purchases
    FROM clicks WHERE event = 'buy' GROUP BY user_id) AS buyers
GROUP BY 1 ORDER BY 1;

-- Revenue by channel, 1
WITH owed AS (
    SELECT *, (SELECT max(p.ts) FROM sold AS p WHERE p.user_id = s.user_id AND p.ts < s.ts) AS previous
    FROM sold AS s
), touches AS (
    SELECT order_id, revenue, event, row_number() OVER w AS nth, count(c.ts) OVER (PARTITION BY order_id) AS n,
           0.5 ^ (extract(epoch FROM o.ts - c.ts) / 86400 / 7) AS weight
    FROM owed AS o LEFT JOIN clicks AS c ON c.user_id = o.user_id AND c.event IN ('ads', 'email', 'search')
         AND c.ts BETWEEN o.ts - interval '720 hours' AND o.ts AND (previous IS NULL OR c.ts > previous)
    WINDOW w AS (PARTITION BY order_id ORDER BY c.ts)
), shares AS (
    SELECT coalesce(event, '(direct)') AS channel, revenue, nth = 1 AS first, nth = greatest(n, 1) AS last,
           CASE WHEN n < 2 THEN 1 WHEN n = 2 THEN 0.5 WHEN nth IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END AS position,
           CASE WHEN n = 0 THEN 1 ELSE weight / sum(weight) OVER (PARTITION BY order_id) END AS decay
    FROM touches
)
SELECT channel, sum(revenue) FILTER (WHERE first) AS first, sum(revenue) FILTER (WHERE last) AS last,
       round(sum(revenue * position)) AS position, round(sum(revenue * decay)) AS time_decay,
       CASE WHEN grouping(channel) = 1 THEN (SELECT sum(revenue) FROM sold) END AS sold
FROM shares GROUP BY ROLLUP (channel) ORDER BY channel;

-- What sets buyers apart, 1
WITH users AS (
    SELECT user_id, min(ts) FILTER (WHERE event = 'buy') AS first_buy FROM clicks GROUP BY user_id
), before AS (
    SELECT DISTINCT event, user_id, (first_buy IS NOT NULL)::int AS buys
    FROM clicks JOIN users USING (user_id) WHERE first_buy IS NULL OR ts < first_buy
)
SELECT event, round(100.0 * sum(buys) / (SELECT count(first_buy) FROM users)) AS pct_of_buyers,
       round(100.0 * sum(1 - buys) / (SELECT nullif(count(*) - count(first_buy), 0) FROM users)) AS pct_of_others
FROM before GROUP BY event ORDER BY pct_of_buyers DESC, event;

-- What happens next, 1
SELECT coalesce(next, '(leaves)') AS next, count(*) AS times, justify_hours(avg(next_at - ts)) AS after
FROM clicks AS c LEFT JOIN LATERAL (
    SELECT n.event AS next, n.ts AS next_at FROM clicks AS n
    WHERE n.user_id = c.user_id AND n.ts > c.ts ORDER BY n.ts LIMIT 1) AS following ON true
WHERE event = 'cart'
GROUP BY next ORDER BY times DESC, next;
