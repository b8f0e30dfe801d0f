SELECT cardinality(journey_flow(journey, 5)) FROM {table}
