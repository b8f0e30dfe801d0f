SELECT f.name AS funnel, answer.month, r.step, r.stage, r.users, r.from_first, r.from_previous,
       r.dropped, r.pending, r.median_seconds
FROM funnels AS f,
     LATERAL (
         SELECT to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
                funnel_agg(user_id, ts, event, f.definition) AS result
         FROM events
         GROUP BY month) AS answer,
     funnel_report(answer.result) AS r
