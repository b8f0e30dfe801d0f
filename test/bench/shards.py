"""What a funnel costs on several shards, next to one server with all events.

Runs in the cluster that test/cluster started.  Shards are databases of that server, and postgres_fdw
asks them as it would ask other machines; no parallel plans.  Prints Markdown.  Every answer of the shards
is compared, byte for byte, with that of one database; the exit status tells whether all agree.  No time is
asserted.

From the environment:
    SHARDS_ROWS    number of events (default: 2000000), of 20 for each unit
    SHARDS_RUNS    runs of each question (default: 5); the one with the least CPU counts
    SHARDS_COUNTS  numbers of shards, separated by blanks (default: 1 4 16)
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROWS = int(os.environ.get("SHARDS_ROWS") or 2000000)
RUNS = int(os.environ.get("SHARDS_RUNS") or 5)
COUNTS = [int(n) for n in (os.environ.get("SHARDS_COUNTS") or "1 4 16").split()]
UNITS = max(ROWS // 20, 1)
DAYS = 30
DEFINITION = ("""'"Product List Viewed" -> "Product Viewed" -> "Product Added" -> "Checkout Started" -> "Order Completed" """
              "within 7 days'")
COLUMNS = "user_id bigint, ts timestamptz, event text"

# In order of time, the units in none
EVENTS = f"""
    SELECT (hashint8(i) & 2147483647) % {UNITS} AS user_id,
        timestamptz '2026-01-01Z' + i * ({DAYS} * interval '1 day' / {ROWS}) AS ts,
        (ARRAY['Product List Viewed', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed',
               'Product List Viewed', 'Product Viewed', 'Product List Viewed'])
            [1 + (hashint8(-i) & 2147483647) % 8] AS event
    FROM generate_series(1, {ROWS}) AS i"""

# question: what is asked, and of which table
QUESTIONS = {
    "report over events": (f"funnel_agg(user_id, ts, event, {DEFINITION})", "events"),
    "report over journeys": (f"funnel_agg(journey, {DEFINITION})", "journeys"),
}


class Session:
    """A psql that stays connected."""

    def __init__(self, database):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, sql):
        self.psql.stdin.write(sql + "\n;\n\\echo @@\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "@@\n":
                return "".join(lines).rstrip("\n")
            lines.append(line)
        sys.exit(f"psql ended at: {sql}")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def run(database, sql):
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database], input=sql, text=True, check=True,
                   stdout=subprocess.DEVNULL)


class Wire:
    """A socket that leads to the server, and counts what the server sends."""

    def __init__(self):
        self.directory = tempfile.mkdtemp()
        self.bytes = 0
        self.name = ".s.PGSQL." + os.environ["PGPORT"]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(self.directory, self.name))
        listener.listen(100)
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(os.path.join(os.environ["PGHOST"], self.name))
            threading.Thread(target=self.forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.forward, args=(server, client, True), daemon=True).start()

    def forward(self, source, target, counts):
        try:
            while data := source.recv(65536):
                self.bytes += len(data) if counts else 0
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def cpu(pids):
    """Seconds that processes have been on a processor."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory(pid):
    """MB at the peak, but for what is shared."""
    fields = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            fields[line.split(":")[0]] = line.split(":")[1].split()
    return (int(fields["VmHWM"][0]) - int(fields["RssShmem"][0])) / 1024


def prepare(count):
    """A database for each shard with its part of the tables, and a front."""
    control = Session("postgres")
    for i in range(count):
        control.ask(f"CREATE DATABASE shard_{count}_{i}")
    control.ask(f"CREATE DATABASE front_{count}")
    for i in range(count):
        name = f"shard_{count}_{i}"
        run(name, f"""
            CREATE EXTENSION funnel;
            CREATE TABLE events ({COLUMNS});
            CREATE TABLE journeys (user_id bigint, journey funnel_journey);""")
        for table in ("events", "journeys"):
            out = subprocess.Popen(["psql", "-Xq", "-d", "one", "-c", f"COPY (SELECT * FROM {table} WHERE "
                                    f"hashint8(user_id) & 1023 & {count - 1} = {i}) TO STDOUT"], stdout=subprocess.PIPE)
            subprocess.run(["psql", "-Xq", "-d", name, "-c", f"COPY {table} FROM STDIN"], stdin=out.stdout, check=True)
        run(name, f"""
            VACUUM (ANALYZE, FREEZE);
            CREATE VIEW events_here AS SELECT {i} AS shard, * FROM events;
            CREATE VIEW journeys_here AS SELECT {i} AS shard, * FROM journeys;""")
    host, port = os.environ["PGHOST"], os.environ["PGPORT"]
    sql = f"""
        CREATE EXTENSION funnel; CREATE EXTENSION postgres_fdw;
        CREATE TABLE events (shard int, {COLUMNS}) PARTITION BY LIST (shard);
        CREATE TABLE journeys (shard int, user_id bigint, journey funnel_journey) PARTITION BY LIST (shard);
        ALTER DATABASE front_{count} SET enable_partitionwise_aggregate = on;"""
    for i in range(count):
        sql += f"""
            CREATE SERVER s{i} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}',
                dbname 'shard_{count}_{i}', extensions 'funnel', async_capable 'true', fetch_size '10000');
            CREATE USER MAPPING FOR CURRENT_USER SERVER s{i};
            CREATE FOREIGN TABLE events_{i} PARTITION OF events FOR VALUES IN ({i})
                SERVER s{i} OPTIONS (table_name 'events_here');
            CREATE FOREIGN TABLE journeys_{i} PARTITION OF journeys FOR VALUES IN ({i})
                SERVER s{i} OPTIONS (table_name 'journeys_here');"""
    run(f"front_{count}", sql)
    control.close()


def forms(call, table, count):
    """The ways to ask all shards, as docs/sharding.md has them."""
    grouped = f"SELECT {call} AS r FROM {table} GROUP BY shard"
    each = " UNION ALL ".join(f"SELECT {call} AS r FROM {table}_{i}" for i in range(count))
    return {name: f"SELECT funnel_merge(r) FROM ({query}) AS shards"
            for name, query in (("GROUP BY shard", grouped), ("UNION ALL", each))}


def measure(database, sql):
    """(answer, CPU seconds of all processes, of the front alone, wall seconds, MB of the front)"""
    session = Session(database)
    answer = session.ask(sql)
    me = session.ask("SELECT pg_backend_pid()")
    pids = session.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").split()
    best = None
    for _ in range(RUNS):
        all_before, me_before, began = cpu(pids), cpu([me]), time.monotonic()
        assert session.ask(sql) == answer
        taken = (cpu(pids) - all_before, cpu([me]) - me_before, time.monotonic() - began)
        best = min(best or taken, taken)
    peak = memory(me)
    session.close()
    return answer, *best, peak


def main():
    subprocess.run(["psql", "-Xqc", "ALTER ROLE CURRENT_USER SET max_parallel_workers_per_gather = 0;"
                    "ALTER ROLE CURRENT_USER SET jit = off; ALTER ROLE CURRENT_USER SET work_mem = '256MB'"], check=True)
    run("postgres", "CREATE DATABASE one")
    run("one", f"""
        CREATE EXTENSION funnel;
        CREATE TABLE events AS {EVENTS};
        CREATE TABLE journeys AS SELECT user_id, journey_agg(ts, event) AS journey FROM events GROUP BY user_id;
        VACUUM (ANALYZE, FREEZE);""")
    print(f"{ROWS:,} events of {UNITS:,} units, {RUNS} runs.  ns: of a processor, for each event.\n")
    print("| question | shards | CPU s | x one server | ns | front's CPU ms | front MB | kB sent | of a shard | s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    good = True
    wire = Wire()
    base = {}
    for question, (call, table) in QUESTIONS.items():
        answer, seconds, _, wall, peak = measure("one", f"SELECT {call} FROM {table}")
        base[question] = (answer, seconds)
        print(f"| {question} | none | {seconds:.3f} | 1.00 | {seconds / ROWS * 1e9:.1f} | | {peak:.0f} | | | {wall:.3f} |")
    _, seconds, _, wall, peak = measure("one", "SELECT sum(journey_length(j)) FROM (SELECT journey_agg(ts, event) AS j "
                                        "FROM events GROUP BY user_id) AS units")
    print(f"| journeys built | none | {seconds:.3f} | | {seconds / ROWS * 1e9:.1f} | | {peak:.0f} | | | {wall:.3f} |")
    sys.stdout.flush()
    for count in COUNTS:
        prepare(count)
        asked = {f"{question}, {form}": (question, sql) for question, (call, table) in QUESTIONS.items()
                 for form, sql in forms(call, table, count).items()}
        for name, (question, sql) in asked.items():
            answer, seconds, front, wall, peak = measure(f"front_{count}", sql)
            same = answer == base[question][0]
            good = good and same

            # once more, by the way that counts
            control = Session(f"front_{count}")
            for i in range(count):
                control.ask(f"ALTER SERVER s{i} OPTIONS (SET host '{wire.directory}')")
            control.ask(sql)
            wire.bytes = 0
            control.ask(sql)
            sent = wire.bytes
            for i in range(count):
                control.ask(f"ALTER SERVER s{i} OPTIONS (SET host '{os.environ['PGHOST']}')")
            control.close()
            print(f"| {name} | {count} | {seconds:.3f} | {seconds / base[question][1]:.2f} | {seconds / ROWS * 1e9:.1f} | "
                  f"{front * 1000:.1f} | {peak:.0f} | {sent / 1000:.0f} | {sent / count / 1000:.1f} | {wall:.3f} |"
                  + ("" if same else " **differs**"))
            sys.stdout.flush()
    control = Session("one")
    for table in ("events", "journeys"):
        size = int(control.ask(f"SELECT pg_total_relation_size('{table}')"))
        print(f"\n{table}: {size / ROWS:.1f} bytes on disk for each event")
    control.close()
    print("\nAll answers are the same, byte for byte." if good else "\nSome answers differ.")
    sys.exit(0 if good else 1)


main()
