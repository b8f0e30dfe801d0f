"""PostgreSQL, ClickHouse and DuckDB, each in processes that it keeps."""

import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def psql(script):
    """Run a script, a session of its own; what it printed to the output and to the error."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input=script, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout, done.stderr


def drop_from_memory(directory):
    """The system forgets what it has read of these files: what they hold is on disk."""
    os.sync()
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                file = os.open(os.path.join(folder, name), os.O_RDONLY)
            except OSError:
                continue
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


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
{settings}
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
                                                work_mem=contestant.work_mem, settings=contestant.settings))
        plan, ran, status = re.split("-- run\n|-- ran\n", said)
        if contestant.processes > 1 and "Workers Planned: 1" not in plan:
            raise RuntimeError(f"{contestant}: no parallel plan\n{plan}")
        if contestant.plan not in plan:
            raise RuntimeError(f"{contestant}: no {contestant.plan}\n{plan}")
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
        self.sessions = {}

    def forget(self):
        """Nothing of the database stays in memory, neither in the server's nor in the system's."""
        self.close()
        directory = psql("SHOW data_directory")[0].strip()
        # The server would keep a pipe open.
        subprocess.run(["pg_ctl", "restart", "--silent", "--wait", "-D", directory,
                        "-l", os.path.join(directory, "restarted.log")],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        drop_from_memory(os.path.join(directory, "base"))

    def check(self, contestant):
        sql = contestant.sql(contestant.check)
        return re.split(r"[|\s]+", psql(f"SET work_mem = '1GB';\n{sql};")[0].strip())


class Peer:
    """ClickHouse or DuckDB, in node: peer.js."""

    def __init__(self, engine, directory):
        self.name = engine
        self.directory = os.path.join(directory, engine)
        os.mkdir(self.directory)
        environment = dict(os.environ, NODE_PATH=os.path.join(os.environ["FUNNEL_PEERS"], "node_modules"))
        # To a file: nobody reads a pipe while the engine works.
        self.errors = tempfile.TemporaryFile("w+", dir=self.directory)
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "peer.js"), engine.lower(), self.directory], env=environment, text=True,
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

    def load(self, table, order, file):
        with open(os.path.join(HERE, "sql", self.name.lower() + "_data.sql"), encoding="utf-8") as script:
            for statement in re.split(r";\n", script.read().format(table=table, order=order, file=file)):
                if statement.strip():
                    self.ask(statement)

    def forget(self):
        self.ask("SYSTEM DROP MARK CACHE")
        drop_from_memory(self.directory)

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
