"""The funnel of a table of events, asked of funnel, of PostgreSQL without it, and of other engines.

Runs in the cluster that test/cluster started.  Prints Markdown: for each size a table of times and
one of the ratios that matter, at the end the cost of a row by size.  Every answer is compared with
that of the exact window-function SQL; the exit status tells whether all agree.  No time is asserted.

From the environment:
    BENCH_ROWS   numbers of rows, separated by blanks or commas (default: 1000000 10000000)
    BENCH_RUNS   runs of each contestant (default: 5), and three times as many of the short ones
    BENCH_ONLY   regular expression: the contestants to run, by "query, table, processes"
    BENCH_COLD   if 1, some of them run again, each time with nothing in memory
    FUNNEL_PEERS where test/bench/peers put the other engines
"""

import datetime
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from contestants import contestants
from engines import HERE, PostgreSQL, psql, start_peers
from tables import compare, table_of_cold, table_of_growth, table_of_ratios, table_of_times

DEFAULT_ROWS = "1000000 10000000"
DEFAULT_RUNS = 5

# What takes less than SHORT seconds runs LAPS times: noise harms it most, and it costs least.
SHORT = 3
LAPS = 3


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_data(rows, entered, peers, directory):
    """The tables that are asked for; another engine has its own, in the order that the name tells."""
    def source(table):
        return table.removesuffix("_by_user")

    say(f"Making {rows:,} events ...")
    tables = sorted({source(c.table) for c in entered})
    psql(f"CREATE EXTENSION IF NOT EXISTS funnel;\n\\set rows {rows}\n"
         f"\\set tables '{{{','.join(tables)}}}'\n\\i {HERE}/sql/data.sql")
    loads = dict.fromkeys((c.engine, c.table) for c in entered if c.engine in peers)
    for table in dict.fromkeys(source(table) for _, table in loads):
        psql(f"\\copy (SELECT user_id, (extract(epoch FROM ts) * 1000000)::bigint, event FROM {table})"
             f" TO '{directory}/{table}.csv' (FORMAT csv)")
    for engine, table in loads:
        say(f"Loading {table} into {engine} ...")
        peers[engine].load(table, "user_id, ts" if table != source(table) else "ts",
                           f"{directory}/{source(table)}.csv")


def run(contestant, engines):
    """Seconds, and seconds on a processor; the answer is the same as before."""
    seconds, cpu, values = engines[contestant.engine].run(contestant)
    if contestant.counts:
        if contestant.answer and contestant.answer != tuple(values):
            raise RuntimeError(f"{contestant}: {values} now, {contestant.answer} before")
        contestant.answer = tuple(values)
    return seconds, cpu


def race(entered, engines, runs):
    """Everyone runs once, then everyone a second time, and so on.

    After each time those that are short run again, in further laps.  The times of a first lap stand
    before those of the second, so that as many can be taken of one contestant as there are of another.
    """
    for contestant in entered:
        if contestant.check:
            contestant.checked = tuple(engines["PostgreSQL"].check(contestant))
            if not contestant.counts:
                contestant.answer = contestant.checked
    for turn in range(1, runs + 1):
        say(f"Run {turn} of {runs} ...")
        for lap in range(LAPS):
            for contestant in entered:
                if lap == 0 or contestant.times[0] < SHORT:
                    seconds, cpu = run(contestant, engines)
                    at = turn * (lap + 1) - 1
                    contestant.times.insert(at, seconds)
                    if cpu is not None:
                        contestant.cpu.insert(at, cpu)


def race_cold(entered, engines, runs):
    """The same of some, each time in a new session and with nothing in memory."""
    for turn in range(1, runs + 1):
        say(f"Cold run {turn} of {runs} ...")
        for contestant in entered:
            if contestant.cold:
                engines[contestant.engine].forget()
                contestant.cold_times.append(run(contestant, engines)[0])


def sizes_of(engines):
    """Bytes on disk of what each engine keeps: whole tables, ClickHouse's compressed columns."""
    found = {}
    for table in ("events", "events_wide", "journeys", "journeys_ga4"):
        size = psql(f"SELECT pg_total_relation_size(to_regclass('{table}'))")[0].strip()
        if size:
            found[table] = int(size)
    if "ClickHouse" in engines:
        for name, table in (("ClickHouse", "events_by_user"), ("ClickHouse by time", "events"),
                            ("ClickHouse, GA4", "events_ga4_by_user")):
            size = int(engines["ClickHouse"].ask(
                "SELECT sum(data_compressed_bytes) FROM system.parts"
                f" WHERE active AND database = currentDatabase() AND table = '{table}'")["values"][0])
            if size:
                found[name] = size
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


def command(rows, runs, only, cold):
    words = [f"BENCH_ROWS={rows}"]
    if runs != DEFAULT_RUNS:
        words.append(f"BENCH_RUNS={runs}")
    if only:
        words.append(f"BENCH_ONLY={shlex.quote(only)}")
    if cold:
        words.append("BENCH_COLD=1")
    return " ".join(words + ["make bench"])


def bench(rows, runs, only, cold):
    """One size, in a fresh database; who ran, and whether all answers agree."""
    directory = tempfile.mkdtemp()
    subprocess.run(["createdb", "bench"], check=True)
    os.environ["PGDATABASE"] = "bench"
    peers, engines = {}, {}
    try:
        entered = [c for c in contestants() if re.search(only, str(c))]
        peers, absent = start_peers(sorted({c.engine for c in entered} - {"PostgreSQL"}), directory)
        engines = dict(peers, PostgreSQL=PostgreSQL())
        make_data(rows, entered, peers, directory)

        for c in entered:
            c.absent = absent.get(c.engine, "")
            if c.needs and not engines["PostgreSQL"].has(c.needs):
                c.absent = f"no {c.needs} ...) in this version of funnel"
        running = [c for c in entered if not c.absent]
        race(running, engines, runs)
        if cold:
            race_cold(running, engines, runs)
        answers, agree = compare(running)
        sizes = sizes_of(engines)
        users = int(psql("SELECT count(DISTINCT user_id) FROM events")[0])

        print(f"### {rows:,} events of {users:,} users\n")
        print(f"{datetime.date.today()}, {machine()}; " + ", ".join(
            f"{name} {engine.version}" for name, engine in sorted(engines.items(), reverse=True)) +
            f"; minima and medians of {runs} interleaved runs, {runs * LAPS} of what takes less than {SHORT} s,"
            " each engine in a process that it keeps.\n")
        print(f"    {command(rows, runs, only, cold)}\n")
        shared_buffers = psql("SHOW shared_buffers")[0].strip()
        print("PostgreSQL has its default settings, but for work_mem: 1GB where the query does not say otherwise,\n"
              f"and shared_buffers: {shared_buffers}.  Queries that are called so, and they alone, use an index.\n"
              "Two processes are a leader and one worker; ClickHouse and DuckDB have threads.  Times are 64-bit\n"
              "microseconds everywhere.  CPU: seconds on a processor; x: how many times the minimum of the bare\n"
              "scan, or of funnel_agg, of the same table and number of processes (for other kinds of unit,\n"
              "other orders and journeys, of `events`).  Memory: of the leader at its peak, not counting what\n"
              "is shared.\n")
        for name, reason in absent.items():
            print(f"**{name} is absent**: {reason}\n")
        print("\n".join(table_of_times(entered)) + "\n")
        print("\n".join(table_of_ratios(running, sizes)) + "\n")
        if cold:
            print("Cold: before each run the server starts anew and the system drops what it has of the files\n"
                  "from memory; ClickHouse keeps its process.  What the disk itself holds in memory stays.\n")
            print("\n".join(table_of_cold(running)) + "\n")
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
    cold = os.environ.get("BENCH_COLD", "") not in ("", "0")
    if cold and not hasattr(os, "posix_fadvise"):
        sys.exit("funnel: BENCH_COLD needs posix_fadvise(), which this system does not have")
    # Every size is run, even if an earlier one disagrees.
    results = [(rows, *bench(rows, runs, only, cold)) for rows in sizes]
    if len(sizes) > 1:
        print("### The cost of a row\n")
        print("\n".join(table_of_growth([(rows, running) for rows, running, _ in results])))
    if not all(agree for _, _, agree in results):
        sys.exit("funnel: not all answers agree, see DIFFERENT above")


main()
