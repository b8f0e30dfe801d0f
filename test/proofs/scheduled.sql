-- The comparison of docs/scheduled.md, computed a second time without the extension.
-- The test is of two proportions, pooled; the area under the normal curve is
-- summed up by Simpson's rule.

-- What has changed?, 1
WITH asked(name, days, window_length) AS (
    VALUES ('at once', 1, interval '3 hours'), ('in a week', 7, interval '168 hours')
), periods AS (
    SELECT name, window_length, days, ago,
           (timestamp '2026-03-16' - (ago + days) * interval '1 day') AT TIME ZONE 'Europe/Berlin' AS since,
           (timestamp '2026-03-16' - ago * interval '1 day') AT TIME ZONE 'Europe/Berlin' AS until
    FROM asked, unnest('{0,1,7}'::int[]) AS ago
), counted AS (
    SELECT name, days, ago, count(DISTINCT v.user_id) AS visits, count(DISTINCT c.user_id) AS carts,
           count(DISTINCT b.user_id) AS buys
    FROM periods AS p
    JOIN events AS v ON v.event = 'visit' AND v.ts >= since AND v.ts < until
    LEFT JOIN events AS c ON c.user_id = v.user_id AND c.event = 'cart'
         AND c.ts > v.ts AND c.ts < until AND c.ts <= v.ts + window_length
    LEFT JOIN events AS b ON b.user_id = c.user_id AND b.event = 'buy'
         AND b.ts > c.ts AND b.ts < until AND b.ts <= v.ts + window_length
    GROUP BY name, days, ago
), compared AS (
    SELECT name, versus, n.days, ago, step, stage, o.visits AS then_all, n.visits AS now_all,
           CASE step WHEN 2 THEN o.carts ELSE o.buys END AS users_then,
           CASE step WHEN 2 THEN n.carts ELSE n.buys END AS users_now
    FROM (VALUES ('day before', 1), ('week before', 7)) AS v (versus, ago)
    JOIN counted AS o USING (ago)
    JOIN (SELECT name, days, visits, carts, buys FROM counted WHERE ago = 0) AS n USING (name)
    CROSS JOIN (VALUES (2, 'cart'), (3, 'buy')) AS s (step, stage)
), tested AS (
    SELECT *, abs(users_now / now_all::float8 - users_then / then_all::float8)
        / sqrt(pooled * (1 - pooled) * (1 / then_all::float8 + 1 / now_all::float8)) AS z
    FROM (SELECT *, (users_then + users_now) / (then_all + now_all)::float8 AS pooled FROM compared) AS c
)
SELECT name, versus, stage, users_then, users_now,
       round(users_then / then_all::numeric, 3) AS rate_then,
       round(users_now / now_all::numeric, 3) AS rate_now,
       CASE WHEN days <= ago THEN
           round((1 - (SELECT sum((CASE WHEN i IN (0, 2000) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END)
                                  * exp((z * i / 2000) ^ 2 / -2)) * z / 6000 * sqrt(2 / pi())
                       FROM generate_series(0, 2000) AS i))::numeric, 4)
       END AS p_value
FROM tested
ORDER BY name, versus, step;
