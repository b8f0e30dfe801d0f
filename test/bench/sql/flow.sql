SELECT cardinality(flow_agg(user_id, ts, event, 5)) FROM {table}
