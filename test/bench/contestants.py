"""Who runs in the benchmark: each contestant is one query, on one table, with so many processes."""

import dataclasses
import os

HERE = os.path.dirname(os.path.abspath(__file__))

# The tables of sql/data.sql and sql/clickhouse_data.sql, as the page describes them.
TABLES = {
    "events": "strict order of time",
    "events_late": "whole seconds, ties, 1 % late",
    "events_text": "units of text",
    "events_uuid": "units of uuid",
    "events_keyed": "with a campaign, one of 30, in each row",
    "events_indexed": "with an index (user_id, ts) INCLUDE (event)",
    "events_wide": "half as many rows, of 20 columns, 5 % of which match; an index (event, ts) INCLUDE (user_id)",
    "events_ga4": "labels of the GA4 specification",
    "journeys": "one funnel_journey for each user",
    "journeys_ga4": "the same with labels of the GA4 specification",
    "events_by_user": "ordered by user and time",
    "events_ga4_by_user": "the same with labels of the GA4 specification",
}

# These have events of their own; all other tables have the rows of `events`, whatever these are called.
OTHER_EVENTS = ("events_late", "events_wide")

# Names of the steps: of Segment's specification of e-commerce events, and of Google Analytics 4.
SEGMENT = ("Product List Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")
GA4 = ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase")

# Somebody who looks around eight times, then orders, and comes back.
TWENTY = SEGMENT[:2] * 8 + SEGMENT[2:] + ("Products Searched",)


def funnel_of(steps, within="7 days"):
    return " -> ".join(f'"{step}"' for step in steps) + f" within {within}"


PLAIN = funnel_of(SEGMENT)
UNWANTED = '!"Product Added to Wishlist"'
GAPS = (f'"Product List Viewed" -[{UNWANTED}, >= 10 minutes]-> "Product Viewed" -[{UNWANTED}, 3 days]-> "Product Added"'
        ' -[>= 1 minute, 2 days]-> "Checkout Started" -> "Order Completed" within 7 days')

# Other definitions, by what the page calls them, and the exact SQL for each: a query of sql/.
CLAUSES = {
    "every attempt": (PLAIN + ", every attempt", "two_levels_every_attempt"),
    "last entry": (PLAIN + ", last entry", "exact_last_entry"),
    "unless": (PLAIN + ' unless "Product Added to Wishlist"', "exact_unless"),
    "shortest gap": (PLAIN.replace("->", "-[>= 1 hour]->", 1), "exact_shortest_gap"),
    "exclusions and gaps": (GAPS, "exact_exclusions_and_gaps"),
}

# Whether the planner may read an index.  What it would do by itself depends on the size of the table.
NO_INDEX = "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;"
INDEX = "SET enable_seqscan = off; SET enable_bitmapscan = off;"
SORTED = INDEX + " SET enable_hashagg = off; SET enable_sort = off;"


@dataclasses.dataclass
class Contestant:
    """One way to answer, on one table, with so many processes or threads."""

    name: str
    query: str  # the file of sql/
    engine: str = "PostgreSQL"
    table: str = "events"
    question: str = ""  # what is asked; answers to the same must agree
    definition: str = PLAIN
    steps: tuple = SEGMENT
    days: int = 7  # the window
    processes: int = 1
    work_mem: str = "1GB"
    settings: str = ""  # PostgreSQL: more of them
    plan: str = ""  # PostgreSQL: what its plan must have
    cold: bool = False  # is asked again with nothing in memory, if that is wanted
    in_order: int = 0  # ClickHouse: optimize_aggregation_in_order
    needs: str = ""  # how a function begins without which there is nothing to run
    counts: bool = True  # the query answers with the counts of the steps
    check: str = ""  # a query, not timed, that answers too
    wrong: bool = False  # known not to be exact
    times: list = dataclasses.field(default_factory=list)
    cold_times: list = dataclasses.field(default_factory=list)
    cpu: list = dataclasses.field(default_factory=list)  # seconds on a processor, all threads; not with a worker
    memory: float = 0  # PostgreSQL: of the leader, besides shared memory, MB
    spilled: float = 0  # PostgreSQL: temporary files, MB
    answer: tuple = ()
    checked: tuple = ()  # what the query of the check answers
    absent: str = ""

    def __str__(self):
        return f"{self.name}, {self.table}, {self.processes}"

    def sql(self, query=None):
        with open(os.path.join(HERE, "sql", (query or self.query) + ".sql"), encoding="utf-8") as file:
            text = file.read().rstrip()
        return text.format(
            conditions=", ".join(f"event = '{step}'" for step in self.steps),
            labels=", ".join(f"'{step}'" for step in dict.fromkeys(self.steps)),
            levels=", ".join(f"count(*) FILTER (WHERE level >= {i + 1})" for i in range(len(self.steps))),
            microseconds=self.days * 86400 * 1000000,
            chain=chain_of(self.steps, self.days),
            **dataclasses.asdict(self))


def chain_of(steps, days):
    """For sql/exact_steps.sql: a common table expression for each step but the first.

    before_k is the latest entry from which an earlier row has reached step k.
    """
    window = "(PARTITION BY user_id ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    chain = [f"""reached_1 AS (
	SELECT user_id, ts, event, max(ts) FILTER (WHERE event = '{steps[0]}') OVER {window} AS before_1,
		CASE WHEN event = '{steps[0]}' THEN 1 END AS level
	FROM step
)"""]
    for k, step in enumerate(steps[1:], 2):
        reached = f"event = '{step}' AND ts <= before_{k - 1} + INTERVAL '{days} days'"
        chain.append(f"""reached_{k} AS (
	SELECT user_id, ts, event, max(before_{k - 1}) FILTER (WHERE {reached}) OVER {window} AS before_{k},
		CASE WHEN {reached} THEN {k} ELSE level END AS level
	FROM reached_{k - 1}
)""")
    return ",\n".join(chain) + f", reached AS (\n\tSELECT * FROM reached_{len(steps)}\n)"


JOURNEYS = "funnel_agg(funnel_journey,"
BY_KEY = "funnel_agg_by(anyelement,timestamp with time zone,text,"
FLOW = "flow_agg(anyelement,timestamp with time zone,"
JOURNEY_FLOW = "journey_flow(funnel_journey,"
PROGRESS = "funnel_progress_agg(timestamp with time zone,text,"
EVENTS = "funnel_events(funnel_def"
WINDOW_FUNNEL = "window_funnel(interval,timestamp with time zone,"


def contestants():
    """In the order in which they take turns."""
    found = []

    def add(name, query, tables=("events",), processes=(1,), **more):
        for table in tables:
            for number in processes:
                found.append(Contestant(name, query, table=table, processes=number, **more))

    both = ("events", "events_late")
    add("bare scan", "scan", ("events",), counts=False, cold=True)
    add("bare scan", "scan", ("events_late",), counts=False)
    add("bare scan", "scan", both, (2,), counts=False)
    add("GROUP BY user, max(ts)", "group_by_user", both, counts=False)
    add("funnel_agg", "funnel_agg", cold=True)
    add("funnel_agg", "funnel_agg", ("events_late",))
    add("funnel_agg", "funnel_agg", both, (2,))
    add("funnel_agg, work_mem 4MB", "funnel_agg", both, (1, 2), work_mem="4MB")
    add("funnel_agg", "funnel_agg", ("events_text", "events_uuid"), (1, 2))
    add("funnel_agg, work_mem 4MB", "funnel_agg", ("events_text", "events_uuid"), work_mem="4MB")
    add("funnel_agg of journeys", "journeys", ("journeys",), needs=JOURNEYS, cold=True)
    add("funnel_agg of journeys", "journeys", ("journeys",), (2,), needs=JOURNEYS)
    add("flow_agg", "flow", ("events",), (1, 2), needs=FLOW, counts=False)
    add("journey_flow", "journey_flow", ("journeys",), (1, 2), needs=JOURNEY_FLOW, counts=False)
    add("GROUP BY user, funnel_progress_agg", "progress", both, needs=PROGRESS, counts=False,
        check="progress_check")
    add("GROUP BY user, window_funnel", "window_funnel", both, needs=WINDOW_FUNNEL, counts=False,
        check="window_funnel_check")
    for clause, (definition, check) in CLAUSES.items():
        asked = dict(question=clause, definition=definition)
        add(f"funnel_agg, {clause}", "funnel_agg", check=check, **asked)
        add(f"funnel_agg of journeys, {clause}", "journeys", ("journeys",), needs=JOURNEYS, **asked)
    twenty = dict(question="20 steps", definition=funnel_of(TWENTY, "30 days"), steps=TWENTY, days=30)
    add("funnel_agg, 20 steps", "funnel_agg", check="exact_steps", **twenty)
    add("funnel_agg of journeys, 20 steps", "journeys", ("journeys",), needs=JOURNEYS, **twenty)
    keyed = ("events_keyed",)
    add("bare scan", "scan", keyed, counts=False)
    add("funnel_agg", "funnel_agg", keyed)
    add("funnel_agg_by", "funnel_agg_by", keyed, needs=BY_KEY, question="by key", check="exact_by_key")
    first = dict(question="by the key of the first entry", definition=PLAIN + ", first entry")
    add("funnel_agg_by, first entry", "funnel_agg_by", keyed, needs=BY_KEY, **first)
    add("two levels, first entry", "two_levels_by_key", keyed, needs=PROGRESS, **first)
    add_per_unit_sorted(add)
    add_wide(add)
    add_ga4(add)
    add("window functions", "window_functions", both)
    add("window functions, one sort", "window_functions_one_sort", both)
    add("first-touch self-joins", "first_touch", both, wrong=True)
    for processes in (1, 2):
        house = dict(engine="ClickHouse", processes=(processes,))
        for table in ("events", "events_late", "events_by_user"):
            cold = processes == 1 and table == "events"
            add("windowFunnel", "clickhouse", (table,), cold=cold, **house)
            add("windowFunnel, WHERE event IN", "clickhouse_filtered", (table,), cold=cold, **house)
        add("windowFunnel, in order", "clickhouse", ("events_by_user",), in_order=1, cold=processes == 1, **house)
        add("windowFunnel, in order, WHERE event IN", "clickhouse_filtered", ("events_by_user",),
            in_order=1, **house)
    add("windowFunnel, 20 steps", "clickhouse", engine="ClickHouse", **twenty)
    add("windowFunnel, 20 steps, WHERE event IN", "clickhouse_filtered", engine="ClickHouse", **twenty)
    add("window functions, one sort", "window_functions_one_sort", both, (1, 2), engine="DuckDB")
    return found


def add_per_unit_sorted(add):
    """Groups that come sorted out of an index: no hash table, no sort."""
    more = dict(tables=("events_indexed",), counts=False, settings=SORTED, plan="GroupAggregate")
    add("GROUP BY user, max(ts), index", "group_by_user", **more)
    add("GROUP BY user, funnel_progress_agg, index", "progress", needs=PROGRESS, check="progress_check", **more)
    add("GROUP BY user, window_funnel, index", "window_funnel", needs=WINDOW_FUNNEL, check="window_funnel_check",
        **more)


def add_wide(add):
    """Few rows of a wide table matter: read all, or those alone through an index that holds what is asked."""
    wide = dict(tables=("events_wide",), cold=True)
    whole = dict(wide, settings=NO_INDEX, plan="Seq Scan")
    index = dict(wide, settings=INDEX, plan="Index Only Scan")
    for processes in ((1,), (2,)):
        whole["cold"] = index["cold"] = processes == (1,)
        add("bare scan", "scan", processes=processes, counts=False, **whole)
        add("funnel_agg", "funnel_agg", processes=processes, **whole)
        add("funnel_agg, funnel_events", "funnel_agg_filtered", processes=processes, needs=EVENTS, **whole)
        add("funnel_agg, funnel_events, index", "funnel_agg_filtered", processes=processes, needs=EVENTS, **index)
    add("window functions, one sort, index", "window_functions_one_sort", **dict(index, cold=False))
    add("windowFunnel", "clickhouse", engine="ClickHouse", **wide)
    add("windowFunnel, WHERE event IN", "clickhouse_filtered", engine="ClickHouse", **wide)


def add_ga4(add):
    """The same rows with other labels."""
    asked = dict(definition=funnel_of(GA4), steps=GA4)
    add("bare scan", "scan", ("events_ga4",), counts=False, **asked)
    add("funnel_agg", "funnel_agg", ("events_ga4",), **asked)
    add("funnel_agg of journeys", "journeys", ("journeys_ga4",), needs=JOURNEYS, **asked)
    asked["engine"] = "ClickHouse"
    by_user = ("events_ga4_by_user",)
    add("windowFunnel", "clickhouse", ("events_ga4",) + by_user, **asked)
    add("windowFunnel, WHERE event IN", "clickhouse_filtered", ("events_ga4",) + by_user, **asked)
    add("windowFunnel, in order", "clickhouse", by_user, in_order=1, **asked)
    add("windowFunnel, in order, WHERE event IN", "clickhouse_filtered", by_user, in_order=1, **asked)
