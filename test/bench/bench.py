"""The funnel of a table of events, asked of funnel, of PostgreSQL without it, and of other engines.

Runs in the cluster that test/cluster started.  Prints Markdown: for each size a table of times and
one of the ratios that matter, at the end the cost of a row by size.  Every answer is compared with
that of the exact window-function SQL; the exit status tells whether all agree.  No time is asserted.

From the environment:
    BENCH_ROWS   numbers of rows, separated by blanks or commas (default: 1000000 10000000)
    BENCH_RUNS   runs of each contestant (default: 5)
    BENCH_ONLY   regular expression: the contestants to run, by "query, table, processes"
    FUNNEL_PEERS where test/bench/peers put the other engines
"""

import dataclasses
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_ROWS = "1000000 10000000"
DEFAULT_RUNS = 5
STEPS = ("Product List Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")

# The tables of sql/data.sql and sql/clickhouse_data.sql, as the page describes them.
TABLES = {
    "events": "strict order of time",
    "events_late": "whole seconds, ties, 1 % late",
    "events_text": "units of text",
    "events_uuid": "units of uuid",
    "events_keyed": "with a campaign, one of 30, in each row",
    "journeys": "one funnel_journey for each user",
    "events_by_user": "ordered by user and time",
}


PLAIN = " -> ".join(f'"{step}"' for step in STEPS) + " within 7 days"

# Other definitions, by what the page calls them, and the exact SQL for each: a query of sql/.
CLAUSES = {
    "every attempt": (PLAIN + ", every attempt", "two_levels_every_attempt"),
    "last entry": (PLAIN + ", last entry", "exact_last_entry"),
    "unless": (PLAIN + ' unless "Product Added to Wishlist"', "exact_unless"),
    "shortest gap": (PLAIN.replace("->", "-[>= 1 hour]->", 1), "exact_shortest_gap"),
}


@dataclasses.dataclass
class Contestant:
    """One way to answer, on one table, with so many processes or threads."""

    name: str
    query: str  # the file of sql/
    engine: str = "PostgreSQL"
    table: str = "events"
    question: str = ""  # what is asked; answers to the same must agree
    definition: str = PLAIN
    processes: int = 1
    work_mem: str = "1GB"
    in_order: int = 0  # ClickHouse: optimize_aggregation_in_order
    needs: str = ""  # how a function begins without which there is nothing to run
    counts: bool = True  # the query answers with the counts of the steps
    check: str = ""  # a query, not timed, that answers too
    wrong: bool = False  # known not to be exact
    times: list = dataclasses.field(default_factory=list)
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
            return file.read().rstrip().format(**dataclasses.asdict(self))


JOURNEYS = "funnel_agg(funnel_journey,"
BY_KEY = "funnel_agg_by(anyelement,timestamp with time zone,text,"
FLOW = "flow_agg(anyelement,timestamp with time zone,"
JOURNEY_FLOW = "journey_flow(funnel_journey,"
PROGRESS = "funnel_progress_agg(timestamp with time zone,text,"
WINDOW_FUNNEL = "window_funnel(interval,timestamp with time zone,"


def contestants():
    """In the order in which they take turns."""
    found = []

    def add(name, query, tables=("events",), processes=(1,), **more):
        for table in tables:
            for number in processes:
                found.append(Contestant(name, query, table=table, processes=number, **more))

    both = ("events", "events_late")
    add("bare scan", "scan", both, (1, 2), counts=False)
    add("GROUP BY user, max(ts)", "group_by_user", both, counts=False)
    add("funnel_agg", "funnel_agg", both, (1, 2))
    add("funnel_agg, work_mem 4MB", "funnel_agg", both, (1, 2), work_mem="4MB")
    add("funnel_agg", "funnel_agg", ("events_text", "events_uuid"), (1, 2))
    add("funnel_agg, work_mem 4MB", "funnel_agg", ("events_text", "events_uuid"), work_mem="4MB")
    add("funnel_agg of journeys", "journeys", ("journeys",), (1, 2), needs=JOURNEYS)
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
    keyed = ("events_keyed",)
    add("bare scan", "scan", keyed, counts=False)
    add("funnel_agg", "funnel_agg", keyed)
    add("funnel_agg_by", "funnel_agg_by", keyed, needs=BY_KEY, question="by key", check="exact_by_key")
    first = dict(question="by the key of the first entry", definition=PLAIN + ", first entry")
    add("funnel_agg_by, first entry", "funnel_agg_by", keyed, needs=BY_KEY, **first)
    add("two levels, first entry", "two_levels_by_key", keyed, needs=PROGRESS, **first)
    add("window functions", "window_functions", both)
    add("window functions, one sort", "window_functions_one_sort", both)
    add("first-touch self-joins", "first_touch", both, wrong=True)
    for processes in (1, 2):
        house = dict(engine="ClickHouse", processes=(processes,))
        add("windowFunnel", "clickhouse", ("events", "events_late", "events_by_user"), **house)
        add("windowFunnel, WHERE event IN", "clickhouse_filtered", ("events", "events_by_user"), **house)
        add("windowFunnel, in order", "clickhouse", ("events_by_user",), in_order=1, **house)
        add("windowFunnel, in order, WHERE event IN", "clickhouse_filtered", ("events_by_user",),
            in_order=1, **house)
    add("window functions, one sort", "window_functions_one_sort", both, (1, 2), engine="DuckDB")
    return found


def psql(script):
    """Run a script, a session of its own; what it printed to the output and to the error."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input=script, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout, done.stderr


class Session:
    """A psql that stays from run to run."""

    END = "-- end"

    def __init__(self):
        # To a file: nobody reads a pipe while the server works.
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)

    def run(self, script):
        """What it printed to the output and to the error."""
        logged = self.log.seek(0, os.SEEK_END)
        self.process.stdin.write(f"{script}\n\\echo {self.END}\n")
        self.process.stdin.flush()
        said = []
        for line in self.process.stdout:
            if line.rstrip("\n") == self.END:
                break
            said.append(line)
        else:
            self.process.wait()
        self.log.seek(logged)
        log = self.log.read()
        if self.process.poll() is not None:
            raise RuntimeError(log)
        return "".join(said), log

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class PostgreSQL:
    """Each contestant has a session of its own, and keeps it, as the other engines keep their process."""

    # The plan loads what the catalogs and the library have to give before the clock runs.  A worker
    # is to take part however small the table.
    RUN = """
SET max_parallel_workers_per_gather = {workers};
SET parallel_setup_cost = 0;
SET work_mem = '{work_mem}';
SET log_temp_files = 0;
SELECT pg_backend_pid() AS pid \\gset
\\setenv PID :pid
EXPLAIN (COSTS OFF) {sql};
SET client_min_messages = log;
\\set before `cat /proc/$PID/schedstat 2>/dev/null`
\\echo -- run
\\timing on
{sql};
\\timing off
\\echo -- ran
\\set after `cat /proc/$PID/schedstat 2>/dev/null`
\\set status `cat /proc/$PID/status 2>/dev/null`
\\echo :before
\\echo :after
\\echo :status
"""

    def __init__(self):
        self.version = psql("SHOW server_version")[0].split()[0]
        self.sessions = {}

    def has(self, function):
        # Not to_regprocedure(), to which a type that does not exist is an error.
        return psql("SELECT EXISTS (SELECT FROM pg_proc WHERE"
                    f" starts_with(oid::regprocedure::text, '{function}'))")[0].strip() == "t"

    def run(self, contestant):
        """Seconds, seconds on a processor, values; memory and files are noted in the contestant."""
        if id(contestant) not in self.sessions:
            self.sessions[id(contestant)] = Session()
        session = self.sessions[id(contestant)]
        said, log = session.run(self.RUN.format(workers=contestant.processes - 1, sql=contestant.sql(),
                                                work_mem=contestant.work_mem))
        plan, ran, status = re.split("-- run\n|-- ran\n", said)
        if contestant.processes > 1 and "Workers Planned: 1" not in plan:
            raise RuntimeError(f"{contestant}: no parallel plan\n{plan}")
        values, milliseconds = re.fullmatch(r"(.*)Time: ([0-9.]+) ms[^\n]*\n", ran, re.S).groups()
        # What Linux alone tells may be missing: the nanoseconds on a processor, the status.
        before, after, status = status.split("\n", 2)
        cpu = None
        if after and contestant.processes == 1:
            cpu = (int(after.split()[0]) - int(before.split()[0])) / 1e9
        kilobytes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", status, re.M))
        if "VmHWM" in kilobytes:
            shared = int(kilobytes["RssFile"]) + int(kilobytes["RssShmem"])
            contestant.memory = max(contestant.memory, (int(kilobytes["VmHWM"]) - shared) / 1024)
        contestant.spilled = max(contestant.spilled, sum(
            int(size) for size in re.findall(r"temporary file: .*, size (\d+)", log)) / 1024 ** 2)
        return float(milliseconds) / 1000, cpu, re.split(r"[|\s]+", values.strip())

    def close(self):
        for session in self.sessions.values():
            session.close()

    def check(self, contestant):
        sql = contestant.sql(contestant.check)
        return re.split(r"[|\s]+", psql(f"SET work_mem = '1GB';\n{sql};")[0].strip())


class Peer:
    """ClickHouse or DuckDB, in node: peer.js."""

    def __init__(self, engine, directory):
        self.name = engine
        directory = os.path.join(directory, engine)
        os.mkdir(directory)
        environment = dict(os.environ, NODE_PATH=os.path.join(os.environ["FUNNEL_PEERS"], "node_modules"))
        # To a file: nobody reads a pipe while the engine works.
        self.errors = tempfile.TemporaryFile("w+", dir=directory)
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "peer.js"), engine.lower(), directory], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.version = self.answer()["version"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError(f"{self.name}: {self.errors.read().strip()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, sql):
        self.process.stdin.write(json.dumps(sql) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def load(self, directory):
        with open(os.path.join(HERE, "sql", self.name.lower() + "_data.sql"), encoding="utf-8") as file:
            for statement in re.split(r";\n", file.read().format(directory=directory)):
                if statement.strip():
                    self.ask(statement)

    def run(self, contestant):
        if self.name == "DuckDB":
            self.ask(f"SET threads = {contestant.processes}")
        answer = self.ask(contestant.sql())
        return answer["seconds"], answer["cpu"], answer["values"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start_peers(names, directory):
    """The engines that are here, by name, and why the others are not."""
    peers, absent = {}, {}
    for name in names:
        try:
            if "FUNNEL_PEERS" not in os.environ:
                raise RuntimeError("FUNNEL_PEERS is not set")
            note = os.path.join(os.environ["FUNNEL_PEERS"], "absent")
            if os.path.exists(note):
                with open(note, encoding="utf-8") as file:
                    raise RuntimeError(file.read().strip())
            peers[name] = Peer(name, directory)
        except (OSError, RuntimeError) as error:
            absent[name] = str(error).splitlines()[0]
    return peers, absent


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_data(rows, tables, peers, directory):
    say(f"Making {rows:,} events ...")
    psql(f"CREATE EXTENSION IF NOT EXISTS funnel;\n\\set rows {rows}\n"
         f"\\set tables '{{{','.join(sorted(tables))}}}'\n\\i {HERE}/sql/data.sql")
    for table in ("events", "events_late") if peers else ():
        psql(f"\\copy (SELECT user_id, (extract(epoch FROM ts) * 1000000)::bigint, event FROM {table})"
             f" TO '{directory}/{table}.csv' (FORMAT csv)")
    for peer in peers.values():
        say(f"Loading them into {peer.name} ...")
        peer.load(directory)


def race(entered, engines, runs):
    """Everyone runs once, then everyone a second time, and so on."""
    for contestant in entered:
        if contestant.check:
            contestant.checked = tuple(engines["PostgreSQL"].check(contestant))
            if not contestant.counts:
                contestant.answer = contestant.checked
    for turn in range(1, runs + 1):
        say(f"Run {turn} of {runs} ...")
        for contestant in entered:
            seconds, cpu, values = engines[contestant.engine].run(contestant)
            contestant.times.append(seconds)
            if cpu is not None:
                contestant.cpu.append(cpu)
            if contestant.counts:
                if contestant.answer and contestant.answer != tuple(values):
                    raise RuntimeError(f"{contestant}: {values} now, {contestant.answer} before")
                contestant.answer = tuple(values)


def expected(entered, table, question=""):
    """What all must answer: the exact SQL's, or without it the first one's."""
    table = table if table == "events_late" else "events"
    exact = [c for c in entered if c.answer and not c.wrong and c.question == question and
             (c.table == table or table == "events" and c.table != "events_late")]
    exact.sort(key=lambda c: (not c.query.startswith("window_functions"), c.engine != "PostgreSQL"))
    return next((c.checked for c in exact if c.checked), exact[0].answer if exact else ())


def compare(entered):
    """The lines that tell of the answers, and whether all are as they must be."""
    lines, agree = [], True
    for table, question in dict.fromkeys((c.table, c.question) for c in entered):
        right = expected(entered, table, question) if table in ("events", "events_late") or question else ()
        if right and table != "journeys":
            lines.append(f"- `{table}`{', ' * bool(question)}{question}: " + ", ".join(
                f"{int(count):,} {step}" for step, count in zip(STEPS, right)) + ".")
    for c in entered:
        right = expected(entered, c.table, c.question)
        if not c.answer or c.answer == right:
            continue
        if c.wrong:
            lines.append(f"- **Wrong**, as it must be: {c.name} on `{c.table}` count " + ", ".join(
                f"{int(count):,} {step}" for step, count in zip(STEPS, c.answer)) + ".")
        else:
            lines.append(f"- **DIFFERENT**: {c} of {c.engine} answers {' '.join(c.answer)}")
            agree = False
    return lines, agree


def markdown(header, rows, left=1):
    """A table whose first columns are text and whose others are numbers."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join("---" if i < left else "--:" for i in range(len(header))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def table_of_times(entered):
    def best(name, table, processes):
        return min((min(c.times) for c in entered if c.times and
                    (c.name, c.table, c.processes) == (name, table, processes)), default=0)

    rows, titles = [], {}
    for c in entered:
        titles.setdefault((c.table, TABLES[c.table]), []).append(c)
    for (table, title), members in titles.items():
        rows.append([f"**`{table}`**: {title}"] + [""] * 9)
        for c in members:
            if c.absent:
                rows.append([c.name, c.engine, str(c.processes), f"absent: {c.absent}"] + [""] * 6)
                continue
            fastest, middle = min(c.times), statistics.median(c.times)
            base = table if table in ("events_late", "events_keyed") else "events"
            scan, ours = best("bare scan", base, c.processes), best("funnel_agg", base, c.processes)
            rows.append([c.name, c.engine, str(c.processes), f"{fastest:.3f}", f"{middle:.3f}",
                         f"{min(c.cpu):.3f}" if c.cpu else "",
                         f"{fastest / scan:.2f}" if scan else "", f"{fastest / ours:.2f}" if ours else "",
                         f"{c.memory:.0f}" if c.memory else "", f"{c.spilled:.0f}" if c.spilled else ""])
    return markdown(["query", "engine", "processes", "minimum s", "median s", "CPU s", "x scan", "x funnel_agg",
                     "memory MB", "temp files MB"], rows, left=2)


def table_of_ratios(entered, sizes):
    """What funnel promises: each a quotient of two contestants.

    By minima, by medians, and by the minima of the time on a processor, which other work on the
    machine disturbs least.
    """
    measures = (lambda c: min(c.times), lambda c: statistics.median(c.times),
                lambda c: min(c.cpu, default=None))

    def of(measure, name, table="events", processes=1, engine="PostgreSQL"):
        for c in entered:
            if (c.name, c.table, c.processes, c.engine) == (name, table, processes, engine):
                return measure(c)
        return None

    def plain(*arguments, **more):
        return lambda measure: of(measure, *arguments, **more)

    def speedup(name, table="events"):
        def value(measure):
            one, two = of(measure, name, table, 1), of(measure, name, table, 2)
            return one / two if one and two else None
        return value

    def clickhouse_best(*names):
        # Whichever of these serves it better.
        def value(measure):
            found = [measure(c) for c in entered if c.engine == "ClickHouse" and
                     c.table == "events_by_user" and c.processes == 1 and c.name in names]
            return min(found, default=None)
        return value

    ours = "funnel_agg"
    asked = []
    for table in ("events", "events_late"):
        grouped = plain("GROUP BY user, max(ts)", table)
        asked += [
            (f"`{table}`: funnel_agg / bare scan", plain(ours, table), plain("bare scan", table), "<= 1.5", ""),
            (f"`{table}`: ClickHouse, one thread / funnel_agg",
             plain("windowFunnel", table, engine="ClickHouse"), plain(ours, table), ">= 2", "2.5"),
            (f"`{table}`: ClickHouse, two threads / funnel_agg, two processes",
             plain("windowFunnel", table, 2, "ClickHouse"), plain(ours, table, 2), ">= 1.3", "1.6"),
            (f"`{table}`: window functions / funnel_agg", plain("window functions", table), plain(ours, table),
             ">= 20", "20"),
            (f"`{table}`: window functions, one sort / funnel_agg", plain("window functions, one sort", table),
             plain(ours, table), "", ""),
            (f"`{table}`: speed-up of funnel_agg / of the bare scan", speedup(ours, table),
             speedup("bare scan", table), ">= 0.9", "1"),
            (f"`{table}`: funnel_agg, work_mem 4MB / in memory", plain(ours + ", work_mem 4MB", table),
             plain(ours, table), "<= 2", ""),
            (f"`{table}`: funnel_progress_agg by user / max(ts) by user",
             plain("GROUP BY user, funnel_progress_agg", table), grouped, "<= 2", "1.5"),
            (f"`{table}`: window_funnel by user / max(ts) by user",
             plain("GROUP BY user, window_funnel", table), grouped, "<= 2", "1.5"),
        ]
    asked += [
        ("funnel_agg, units of text / of bigint", plain(ours, "events_text"), plain(ours), "<= 1.5", ""),
        ("funnel_agg, units of uuid / of bigint", plain(ours, "events_uuid"), plain(ours), "<= 1.5", ""),
        ("`events_keyed`: funnel_agg_by / funnel_agg", plain("funnel_agg_by", "events_keyed"),
         plain(ours, "events_keyed"), "<= 1.6", "1.3"),
        ("`events_keyed`: two levels, first entry / funnel_agg_by, first entry",
         plain("two levels, first entry", "events_keyed"), plain("funnel_agg_by, first entry", "events_keyed"),
         ">= 4", ""),
        ("`events_keyed`: two levels, first entry / funnel_agg_by",
         plain("two levels, first entry", "events_keyed"), plain("funnel_agg_by", "events_keyed"), ">= 4", ""),
    ]
    for clause, floor in (("every attempt", "<= 1.3"), ("last entry", "<= 1.3"), ("unless", "<= 2"),
                          ("shortest gap", "<= 2")):
        asked += [
            (f"`events`: {clause} / plain", plain(f"{ours}, {clause}"), plain(ours), floor, ""),
            (f"journeys: {clause} / plain", plain(f"{ours} of journeys, {clause}", "journeys"),
             plain(f"{ours} of journeys", "journeys"), "", ""),
        ]
    asked += [
        ("flow_agg, five steps / funnel_agg", plain("flow_agg"), plain(ours), "<= 2", ""),
        ("journey_flow, five steps / funnel_agg of journeys", plain("journey_flow", "journeys"),
         plain("funnel_agg of journeys", "journeys"), "<= 3", ""),
        ("ClickHouse at its best, one thread / funnel_agg of journeys",
         clickhouse_best("windowFunnel", "windowFunnel, in order"),
         plain("funnel_agg of journeys", "journeys"), ">= 4", "5"),
        ("the same, ClickHouse given WHERE event IN (...) too",
         clickhouse_best("windowFunnel, WHERE event IN", "windowFunnel, in order, WHERE event IN"),
         plain("funnel_agg of journeys", "journeys"), "", ""),
    ]
    rows = []
    for title, above, below, floor, goal in asked:
        pairs = [(above(measure), below(measure)) for measure in measures]
        rows.append([title, floor, goal] + [f"{a / b:.2f}" if a and b else "" for a, b in pairs])
    if "journeys" in sizes and "ClickHouse" in sizes:
        rows.append(["size of the journeys / of ClickHouse's columns", "<= 1.25", "1.1",
                     f"{sizes['journeys'] / sizes['ClickHouse']:.2f}", "", ""])
    return markdown(["ratio", "floor", "goal", "by minima", "by medians", "by CPU"], rows)


def sizes_of(engines):
    """Bytes on disk of what each engine keeps: whole tables, ClickHouse's compressed columns."""
    found = {}
    for table in ("events", "journeys"):
        size = psql(f"SELECT pg_total_relation_size(to_regclass('{table}'))")[0].strip()
        if size:
            found[table] = int(size)
    if "ClickHouse" in engines:
        for name, table in (("ClickHouse", "events_by_user"), ("ClickHouse by time", "events")):
            found[name] = int(engines["ClickHouse"].ask(
                "SELECT sum(data_compressed_bytes) FROM system.parts"
                f" WHERE active AND database = currentDatabase() AND table = '{table}'")["values"][0])
    return found


def machine():
    model = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M).group(1)
    except (OSError, AttributeError):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024 ** 3
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB of memory"


def table_of_growth(results):
    """What a row costs at each size: as many nanoseconds, if time grows as the table does."""
    spilled = "funnel_agg, work_mem 4MB"
    rows = []
    for size, entered in results:
        found = {c.name: c for c in entered if (c.table, c.processes) == ("events", 1)}
        row = [f"{size:,}"]
        for name in ("bare scan", "funnel_agg", spilled):
            for runs in (found[name].times, found[name].cpu) if name in found else ((), ()):
                row.append(f"{min(runs) / size * 1e9:.0f}" if runs else "")
        rows.append(row + [f"{found[spilled].memory:.0f}" if spilled in found else ""])
    return markdown(["rows", "bare scan, ns", "CPU ns", "funnel_agg, ns", "CPU ns", spilled + ", ns", "CPU ns",
                     "its memory, MB"], rows)


def command(rows, runs, only):
    words = [f"BENCH_ROWS={rows}"]
    if runs != DEFAULT_RUNS:
        words.append(f"BENCH_RUNS={runs}")
    if only:
        words.append(f"BENCH_ONLY={shlex.quote(only)}")
    return " ".join(words + ["make bench"])


def bench(rows, runs, only):
    """One size, in a fresh database; who ran, and whether all answers agree."""
    directory = tempfile.mkdtemp()
    subprocess.run(["createdb", "bench"], check=True)
    os.environ["PGDATABASE"] = "bench"
    peers, engines = {}, {}
    try:
        entered = [c for c in contestants() if re.search(only, str(c))]
        peers, absent = start_peers(sorted({c.engine for c in entered} - {"PostgreSQL"}), directory)
        engines = dict(peers, PostgreSQL=PostgreSQL())
        # The peers load both tables of plain events.
        make_data(rows, {c.table for c in entered} | ({"events_late"} if peers else set()), peers, directory)

        for c in entered:
            c.absent = absent.get(c.engine, "")
            if c.needs and not engines["PostgreSQL"].has(c.needs):
                c.absent = f"no {c.needs} ...) in this version of funnel"
        running = [c for c in entered if not c.absent]
        race(running, engines, runs)
        answers, agree = compare(running)
        sizes = sizes_of(engines)
        users = int(psql("SELECT count(DISTINCT user_id) FROM events")[0])

        print(f"### {rows:,} events of {users:,} users\n")
        print(f"{datetime.date.today()}, {machine()}; " + ", ".join(
            f"{name} {engine.version}" for name, engine in sorted(engines.items(), reverse=True)) +
            f"; minima and medians of {runs} interleaved runs, each engine in a process that it keeps.\n")
        print(f"    {command(rows, runs, only)}\n")
        shared_buffers = psql("SHOW shared_buffers")[0].strip()
        print("PostgreSQL has its default settings, but for work_mem: 1GB where the query does not say otherwise,\n"
              f"and shared_buffers: {shared_buffers}.\n"
              "Two processes are a leader and one worker; ClickHouse and DuckDB have threads.  Times are 64-bit\n"
              "microseconds everywhere.  CPU: seconds on a processor; x: how many times the minimum of the bare\n"
              "scan, or of funnel_agg, of the same table and number of processes (for other kinds of unit,\n"
              "other orders and journeys, of `events`).  Memory: of the leader at its peak, not counting what\n"
              "is shared.\n")
        for name, reason in absent.items():
            print(f"**{name} is absent**: {reason}\n")
        print("\n".join(table_of_times(entered)) + "\n")
        print("\n".join(table_of_ratios(running, sizes)) + "\n")
        print("On disk: " + ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in sizes.items()) + ".\n")
        print("Users by the step they reached" + (", the same by every engine" if agree else "") + ":\n")
        print("\n".join(answers) + "\n", flush=True)
        return running, agree
    finally:
        for engine in (engines or peers).values():
            engine.close()
        os.environ["PGDATABASE"] = "postgres"
        subprocess.run(["dropdb", "--force", "bench"], check=False)
        shutil.rmtree(directory)


def main():
    sizes = [int(size) for size in re.split(r"[\s,]+", os.environ.get("BENCH_ROWS") or DEFAULT_ROWS) if size]
    runs = int(os.environ.get("BENCH_RUNS") or DEFAULT_RUNS)
    only = os.environ.get("BENCH_ONLY", "")
    # Every size is run, even if an earlier one disagrees.
    results = [(rows, *bench(rows, runs, only)) for rows in sizes]
    if len(sizes) > 1:
        print("### The cost of a row\n")
        print("\n".join(table_of_growth([(rows, running) for rows, running, _ in results])))
    if not all(agree for _, _, agree in results):
        sys.exit("funnel: not all answers agree, see DIFFERENT above")


main()
