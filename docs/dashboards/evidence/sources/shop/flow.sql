SELECT f.name AS funnel, answer.month, e.source, e.target, e.value
FROM funnels AS f,
     LATERAL (
         SELECT to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
                funnel_agg(user_id, ts, event, f.definition) AS result
         FROM events
         GROUP BY month) AS answer,
     funnel_flow(answer.result) AS e
