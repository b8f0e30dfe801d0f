SELECT f.name AS funnel, answer.month, r.step, r.stage, answer.country, r.from_first
FROM funnels AS f,
     LATERAL (
         SELECT to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM') AS month, country,
                funnel_agg(user_id, ts, event, f.definition) AS result
         FROM events
         GROUP BY month, country) AS answer,
     funnel_report(answer.result) AS r
