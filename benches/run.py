#!/usr/bin/env python3
"""`make bench` compares Motion Export with other programs, on the same rows and in one run: medians and ratios.

The other programs are the sqlite3 shell in CSV mode, the column stores DuckDB and ClickHouse with tables of their own
(column_store.py), Datasette, and FastAPI with SQLAlchemy, which the client's specification names; on PostgreSQL, psql and
FastAPI again. Datasette streams rows that were joined and formatted
beforehand. Over HTTP, curl receives and discards all bytes; the shell and psql write to /dev/null. The rows that each
program sends are counted first. Results are printed as they come, and written to docs/benchmarks.md after a full run.

The data are generated once from a seed and kept in target/bench, like the Python environments and the PostgreSQL cluster,
which is stopped after each run. `--events 100000,1000000` measures other sizes; the filters use the largest one, and
PostgreSQL the sizes from 100,000. `--rounds 3` takes less time; `--only sqlite` or `--only postgres` measures one half.
With any of these options the results are only printed, unless `--output FILE` is given.
"""

import argparse
import contextlib
import csv
import filecmp
import http.client
import json
import multiprocessing
import os
import platform
import shlex
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import ingest as ingest_peer
import live
import machine

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target/bench"
OURS = ROOT / "target/release-lto/motion-export"
PYTHON = WORK / "venv/bin/python"
# As `pip install datasette` installs it. With uvloop in its environment, it was 1.4 times as fast.
DATASETTE = WORK / "datasette/bin/python"
COLUMN_STORES = WORK / "column-stores/bin/python"
# What a column store or the shell writes when it writes to a file in memory.
IN_MEMORY = Path("/dev/shm/motion-export-bench.csv")
# The senders of single events, and how long they send.
SENDERS, SEND_SECONDS = 16, 5
# A small board: one core, 512 MB.
SMALL_CORES, SMALL_MEGABYTES = "0", 512
# The newest version, as in .ci/postgres. The psql on the PATH is Debian's Perl wrapper, which takes time to start.
POSTGRES = max(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: float(path.parent.name), default=None)
CLUSTER = WORK / "postgres-cluster"
CLUSTER_SETTINGS = ["shared_buffers = 512MB", "max_wal_size = 2GB", "jit = off"]
# Smaller sizes are not measured on PostgreSQL.
POSTGRES_FROM = 100_000
EXPORT = "/api/v1/motion-events/export"
UNTIL = "2025-12-01T00:00:00Z"
DAYS = 3_650
# A day in the middle of the ten years.
DAY = "2021-03-10"
DAY_MICROS = 1_615_334_400_000_000
SHELL_SQL = """\
SELECT strftime('%Y-%m-%dT%H:%M:%S', e.timestamp / 1000000, 'unixepoch')
       || CASE WHEN e.timestamp % 1000000 THEN substr(printf('%.6f', e.timestamp % 1000000 / 1e6), 2) ELSE '' END
       || '+00:00' AS timestamp,
       e.camera_id, coalesce(c.name, e.camera_id) AS camera_name, e.confidence, e.algorithm, e.x, e.y, e.width, e.height,
       e.zone_id
FROM motion_events e LEFT JOIN cameras c ON c.id = e.camera_id {where} ORDER BY e.timestamp, e.id"""
PSQL_SQL = """\
SELECT to_char(to_timestamp(e.timestamp / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
       || CASE WHEN e.timestamp % 1000000 <> 0 THEN '.' || lpad((e.timestamp % 1000000)::text, 6, '0') ELSE '' END
       || '+00:00' AS timestamp,
       e.camera_id, coalesce(c.name, e.camera_id) AS camera_name, e.confidence, e.algorithm, e.x, e.y, e.width, e.height,
       e.zone_id
FROM plain.motion_events e LEFT JOIN plain.cameras c ON c.id = e.camera_id ORDER BY e.timestamp, e.id"""
# What the column stores load: the exported columns, unformatted, and the id that orders events of one moment.
ROWS_SQL = """\
SELECT e.timestamp, hex(e.id), e.camera_id, coalesce(c.name, e.camera_id), e.confidence, e.algorithm, e.x, e.y, e.width,
       e.height, e.zone_id
FROM motion_events e LEFT JOIN cameras c ON c.id = e.camera_id"""
# What the preview's chart shows, as one would ask for it.
SHELL_DAYS = "SELECT date(timestamp / 1000000, 'unixepoch') AS day, count(*) FROM motion_events GROUP BY day ORDER BY day"
PSQL_DAYS = ("SELECT (to_timestamp(timestamp / 1000000) AT TIME ZONE 'UTC')::date AS day, count(*) FROM plain.motion_events "
             "GROUP BY day ORDER BY day")
# On one line, because psql's \copy requires that.
ROWS_ALONE = ("SELECT timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id FROM plain.motion_events "
              "ORDER BY timestamp, id")


def log(text=""):
    print(text, flush=True)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


# ---- data ------------------------------------------------------------------------------------------------------------


class Data:
    """A SQLite database with a number of events of a number of cameras, over ten years."""

    def __init__(self, events, cameras):
        self.events, self.cameras = events, cameras
        self.path = WORK / f"{events}-{cameras}.db"
        self.flat = WORK / f"{events}-{cameras}-flat-2.db"
        # What the other programs read: the same events with their texts.
        self.plain = WORK / f"{events}-{cameras}-plain.db"
        self.environment = {**os.environ, "DATABASE_URL": f"sqlite://{self.path}"}
        self.sqlalchemy_url = f"sqlite:///file:{self.plain}?mode=ro&uri=true"
        self.token_file = self.path.with_suffix(".token")

    def make(self):
        if not self.token_file.exists():
            log(f"generating {self.events:,} events of {self.cameras:,} cameras in {self.path}")
            for old in WORK.glob(self.path.name + "*"):
                old.unlink()
            self.token_file.write_bytes(self.fill())
        # The database may be one of an older version.
        self.run("migrate", "up", stdout=subprocess.DEVNULL)
        return self.make_plain()

    def make_plain(self):
        if not self.plain.exists():
            log(f"creating {self.plain}")
            new = self.plain.with_suffix(".new")
            new.unlink(missing_ok=True)
            run("sqlite3", new, f"""
                PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ATTACH '{self.path}' AS source;
                CREATE TABLE cameras (id TEXT PRIMARY KEY, name TEXT);
                INSERT INTO cameras SELECT id, name FROM source.cameras;
                CREATE TABLE motion_events (timestamp INTEGER NOT NULL, id BLOB NOT NULL, camera_id TEXT NOT NULL,
                    confidence REAL, algorithm TEXT NOT NULL, x INTEGER, y INTEGER, width INTEGER, height INTEGER,
                    zone_id TEXT, PRIMARY KEY (timestamp, id)) WITHOUT ROWID;
                INSERT INTO motion_events SELECT timestamp, event_id, c.id, confidence, d.name, x, y, width, height, z.id
                    FROM source.motion_events CROSS JOIN source.cameras c ON c.key = camera_key
                    CROSS JOIN source.detectors d ON d.key = detector_key LEFT JOIN source.zones z ON z.key = zone_key
                    ORDER BY timestamp, event_id;
                CREATE INDEX by_camera ON motion_events (camera_id, timestamp, id);
            """, stdout=subprocess.DEVNULL)
            new.rename(self.plain)
        return self

    def run(self, *arguments, **options):
        """Runs Motion Export on this database, in a folder without a settings file."""
        return run(OURS, *arguments, env=self.environment, cwd=WORK, **options)

    def fill(self):
        """Generates the events, and returns a token that may export them."""
        self.run("demo", "--events", self.events, "--cameras", self.cameras, "--days", DAYS, "--until", UNTIL,
                 stdout=subprocess.DEVNULL)
        self.run("user", "add", "bench", "--admin", "--password-stdin", input=b"correct horse battery",
                 stdout=subprocess.DEVNULL)
        return self.run("token", "create", "bench", "bench", capture_output=True).stdout.strip()

    def make_flat(self):
        """Creates the database for Datasette: rows that are joined and formatted already, with the indexes it needs."""
        if not self.flat.exists():
            log(f"creating {self.flat}")
            new = self.flat.with_suffix(".new")
            new.unlink(missing_ok=True)
            select = SHELL_SQL.format(where="").replace("motion_events", "source.motion_events")
            select = select.replace("cameras c", "source.cameras c")
            run("sqlite3", new, f"""
                PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ATTACH '{self.plain}' AS source;
                CREATE TABLE events AS {select};
                CREATE INDEX by_camera ON events (camera_id, timestamp); CREATE INDEX by_time ON events (timestamp);
            """, stdout=subprocess.DEVNULL)
            new.rename(self.flat)
        return self

    def make_rows(self):
        """Creates the CSV file that the column stores load, and returns its path."""
        rows = self.path.with_suffix(".rows.csv")
        if not rows.exists():
            log(f"creating {rows}")
            new = rows.with_suffix(".new")
            with open(new, "wb") as out:
                run("sqlite3", "-readonly", "-csv", self.plain, ROWS_SQL, stdout=out)
            new.rename(rows)
        return rows

    @property
    def files(self):
        """The files of the database that exist."""
        return [file for file in [self.path, self.plain, Path(f"{self.path}-wal")] if file.exists()]

    @property
    def token(self):
        return self.token_file.read_text()

    def query(self, sql):
        connection = sqlite3.connect(f"file:{self.plain}?mode=ro", uri=True)
        with connection:
            return connection.execute(sql).fetchall()

    def middle_camera(self):
        """Returns the camera with the median number of events, and that number."""
        counts = self.query("SELECT camera_id, count(*) FROM motion_events GROUP BY 1 ORDER BY 2")
        return counts[len(counts) // 2]

    def day_rows(self):
        return self.query(
            f"SELECT count(*) FROM motion_events WHERE timestamp >= {DAY_MICROS} AND timestamp < {DAY_MICROS + 86_400_000_000}"
        )[0][0]


class PostgresData(Data):
    """The same events in a PostgreSQL database of the running cluster."""

    def __init__(self, events, cameras):
        self.events, self.cameras = events, cameras
        self.name = f"m{events}"
        self.environment = {**os.environ, "DATABASE_URL": f"postgres://test@localhost/{self.name}?host={CLUSTER}"}
        self.sqlalchemy_url = f"postgresql+psycopg://test@/{self.name}?host={CLUSTER}&options=-csearch_path%3Dplain"
        # Inside the cluster's folder, so that removing the cluster removes both.
        self.token_file = CLUSTER / f"{self.name}-2.token"

    def make(self):
        if not self.token_file.exists():
            log(f"generating {self.events:,} events of {self.cameras:,} cameras in PostgreSQL, database {self.name} in {CLUSTER}")
            run(*psql("postgres", "SET client_min_messages = warning", f"DROP DATABASE IF EXISTS {self.name}",
                      f"CREATE DATABASE {self.name}"), stdout=subprocess.DEVNULL)
            token = self.fill()
            # What the other programs read: the same events with their texts.
            run(*psql(self.name, "CREATE SCHEMA plain", "CREATE TABLE plain.cameras AS SELECT id, name FROM cameras",
                      "ALTER TABLE plain.cameras ADD PRIMARY KEY (id)",
                      "CREATE TABLE plain.motion_events AS SELECT timestamp, event_id AS id, c.id AS camera_id, confidence, "
                      "d.name AS algorithm, x, y, width, height, z.id AS zone_id FROM motion_events "
                      "JOIN cameras c ON c.key = camera_key JOIN detectors d ON d.key = detector_key "
                      "LEFT JOIN zones z ON z.key = zone_key ORDER BY timestamp, event_id",
                      "ALTER TABLE plain.motion_events ADD PRIMARY KEY (timestamp, id)",
                      "CREATE INDEX ON plain.motion_events (camera_id, timestamp, id)"), stdout=subprocess.DEVNULL)
            # Leaves no writes for later, which would disturb the measurements.
            run(*psql(self.name, "VACUUM ANALYZE", "CHECKPOINT"), stdout=subprocess.DEVNULL)
            self.token_file.write_bytes(token)
        return self


def psql(database, *statements):
    commands = [part for statement in statements for part in ("-c", statement)]
    return [POSTGRES / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", CLUSTER, "-U", "test", "-d", database, *commands]


@contextlib.contextmanager
def cluster():
    """Runs the PostgreSQL server during the context. The cluster is created once for each version of PostgreSQL."""
    script, version_file, version = ROOT / ".ci/postgres", CLUSTER / "made", POSTGRES.parent.name
    # A run that was killed may have left a server running.
    subprocess.run([script, "stop", CLUSTER], capture_output=True, check=False)
    try:
        if version_file.exists() and version_file.read_text() == version:
            run(script, "start", CLUSTER)
        else:
            log(f"creating a PostgreSQL cluster in {CLUSTER}")
            shutil.rmtree(CLUSTER, ignore_errors=True)
            run(script, "make", CLUSTER)
            run(script, "start", CLUSTER, *CLUSTER_SETTINGS)
            version_file.write_text(version)
        yield
    finally:
        subprocess.run([script, "stop", CLUSTER], stdout=subprocess.DEVNULL, check=False)


# ---- servers and clients ---------------------------------------------------------------------------------------------


class Server:
    """A server under test, on a free port."""

    def __init__(self, command, headers=(), **options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.headers = headers
        command = [str(part).replace("PORT", str(self.port)) for part in command]
        self.log = open(WORK / "server.log", "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, **options)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"{command[0]} did not start; see {self.log.name}")
                time.sleep(0.05)
        raise SystemExit(f"{command[0]} does not answer; see {self.log.name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def curl(self, path, *more):
        return ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_starttransfer} %{time_total} %{size_download}",
                *self.request(path, *more)]

    def request(self, path, *more):
        headers = [part for header in (*self.headers, *more) for part in ("-H", header)]
        return [*headers, f"http://127.0.0.1:{self.port}{path}"]

    def rows(self, path):
        return count_rows(["curl", "-sSf", *self.request(path)])

    def get(self, path, *more):
        status, first, total, size = run(*self.curl(path, *more), capture_output=True, text=True).stdout.split()
        if status != "200":
            raise SystemExit(f"{path} returned status {status}; see {self.log.name}")
        return Measured(float(total), float(first), int(size))

    def peak_megabytes(self):
        return peak_megabytes(self.process)


def peak_megabytes(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def peak_of(command):
    """Runs a command, and returns its peak memory. wait4 would report Python's own peak if that is higher."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = peak_megabytes(process) or peak
        time.sleep(0.001)
    if process.returncode:
        raise SystemExit(f"failed: {command}")
    return peak


def count_rows(command):
    """Runs a command that writes CSV, and returns the number of rows below the header. No cell has line breaks."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    lines = sum(chunk.count(b"\n") for chunk in iter(lambda: process.stdout.read(1 << 20), b""))
    if process.wait():
        raise SystemExit(f"failed: {command}")
    return lines - 1


class Measured:
    def __init__(self, seconds, first=None, size=None):
        self.seconds, self.first, self.size, self.peak = seconds, first, size, None


def ours(data, prefix=(), **options):
    return Server([*prefix, OURS, "serve", "--listen", "127.0.0.1:PORT"], [f"Authorization: Bearer {data.token}"],
                  env=data.environment, cwd=WORK, **options)


class ColumnStore:
    """A column store with the events of a data set, in a process that stays. Its table is created once."""

    def __init__(self, engine, data, prefix=(), **options):
        # A table of its own for each limit would be another; the engines that share a file are not run at once.
        folder = WORK / f"{data.path.stem}-{engine.removesuffix('-unsorted')}"
        self.log = open(WORK / "column-stores.log", "ab")
        self.process = subprocess.Popen(
            [*prefix, COLUMN_STORES, ROOT / "benches/column_store.py", engine, folder, data.make_rows(), data.plain],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, **options)
        self.engine = engine
        self.answer("ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()
        IN_MEMORY.unlink(missing_ok=True)

    def answer(self, prefix=""):
        # chdb may print a line of its own.
        for line in self.process.stdout:
            if line.startswith(prefix or "{"):
                return line
        raise SystemExit(f"{self.engine} failed; see {self.log.name}")

    def export(self, camera=None):
        """Exports all events or those of one camera to the file in memory."""
        self.process.stdin.write(json.dumps({"camera": camera, "output": str(IN_MEMORY)}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.answer())
        measured = Measured(answer["seconds"])
        measured.peak = answer["peak"]
        return measured

    def rows(self, camera=None):
        self.export(camera)
        return count_rows(["cat", IN_MEMORY])


def fastapi(data):
    return Server([PYTHON, "-m", "uvicorn", "fastapi_app:app", "--port", "PORT", "--log-level", "warning"],
                  env={**os.environ, "BENCH_DATABASE_URL": data.sqlalchemy_url}, cwd=ROOT / "benches")


def datasette(data):
    return Server([DATASETTE, "-m", "datasette", "serve", data.flat, "--port", "PORT", "--setting", "max_csv_mb", "0",
                   "--setting", "sql_time_limit_ms", "600000"])


def shell_command(data, where):
    return ["sqlite3", "-readonly", "-csv", "-header", data.plain, SHELL_SQL.format(where=where)]


def shell(data, where=""):
    return timed(shell_command(data, where))


def psql_command(data):
    return psql(data.name, f"COPY ({PSQL_SQL}) TO STDOUT WITH (FORMAT csv, HEADER)")


def binary_command(data):
    """Prints the number of rows."""
    return psql(data.name, f"\\copy ({ROWS_ALONE}) to '/dev/null' with (format binary)")


def timed(command, out=None, **options):
    # subprocess.DEVNULL is open for reading, too, as a closed standard output is; `export` refuses both.
    with open(os.devnull, "wb") as discarded:
        started = time.perf_counter()
        run(*command, stdout=out or discarded, **options)
        return Measured(time.perf_counter() - started)


def medians(measured):
    def median(name):
        values = [getattr(one, name) for one in measured if getattr(one, name) is not None]
        return statistics.median(values) if values else None

    return Measured(median("seconds"), median("first"), measured[0].size)


def run_rounds(rounds, **contestants):
    """Runs each contestant once to warm up, and then all of them in each round.

    A contestant is a function, or a function and the number of its rounds."""
    measured = {name: [] for name in contestants}
    functions = {name: entry if callable(entry) else entry[0] for name, entry in contestants.items()}
    limits = {name: rounds if callable(entry) else entry[1] for name, entry in contestants.items()}
    for function in functions.values():
        function()
    for number in range(rounds):
        for name, function in functions.items():
            if number < limits[name]:
                measured[name].append(function())
    return {name: medians(values) for name, values in measured.items()}


# ---- measurements ----------------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.lines = []
        # Rows of the table at the top: what is exported, the other program, and the ratio of the times.
        self.peers = []
        self.top = 0

    def end_head(self):
        """Marks where the table of all peers is to be inserted."""
        self.top = len(self.lines)

    def compare(self, what, other, ratio):
        self.peers.append([what, other, f"{ratio:.2f}"])

    def insert_peers(self):
        """Inserts the table of all peers after the head."""
        if self.peers:
            below, self.lines = self.lines[self.top:], self.lines[:self.top]
            self.table("How many times as fast as others", ["", "other program", "ratio of the times"], self.peers,
                       align=["---", "---", "---:"])
            self.lines += below

    def add(self, text=""):
        self.lines.append(text)
        log(text)

    def table(self, title, head, rows, align=None):
        self.add(f"\n## {title}\n")
        self.add("| " + " | ".join(head) + " |")
        self.add("| " + " | ".join(align or ["---"] + ["---:"] * (len(head) - 1)) + " |")
        for row in rows:
            self.add("| " + " | ".join(row) + " |")


def milliseconds(seconds):
    return "" if seconds is None else f"{seconds * 1e3:,.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:,.0f} ms"


def comparison(report, title, rows, results):
    mine = results["ours"].seconds
    report.table(
        f"{title}: {rows:,} rows",
        ["", "time", "rows per second", "first byte", "peak memory", "Motion Export is faster"],
        [
            [NAMES[name], milliseconds(one.seconds), f"{rows / one.seconds:,.0f}", milliseconds(one.first),
             f"{one.peak:,.1f} MB" if one.peak else "", "" if name == "ours" else f"{one.seconds / mine:.2f} times"]
            for name, one in results.items()
        ],
    )
    for name, one in results.items():
        if name not in ("ours", "command"):
            report.compare(f"{title}, {rows:,} rows", NAMES[name], one.seconds / mine)


NAMES = {"ours": "Motion Export, over HTTP", "shell": "sqlite3 shell", "fastapi": "FastAPI and SQLAlchemy",
         "datasette": "Datasette", "duckdb": "DuckDB, its own table, in the order of the export",
         "duckdb-unsorted": "DuckDB, its own table, as the rows lie", "duckdb-sqlite": "DuckDB, reading the SQLite file",
         "clickhouse": "ClickHouse (chdb), MergeTree in the order of the export", "command": "Motion Export, `export`", "psql": "psql, `COPY` to CSV",
         "binary": "psql, binary `COPY`: the rows alone, without CSV"}


def selections(report, data, flat, title, rows, rounds, slow_rounds, our_query, where, fastapi_query, datasette_query):
    with ours(data) as our_server, fastapi(data) as python_server, datasette(flat) as dataset_server:
        requests = {
            "ours": (our_server, f"{EXPORT}?{our_query}"),
            "fastapi": (python_server, f"{EXPORT}?{fastapi_query}"),
            "datasette": (dataset_server, f"/{flat.flat.stem}/events.csv?_stream=on&_size=max&{datasette_query}"),
        }
        row_counts = {name: server.rows(path) for name, (server, path) in requests.items()}
        row_counts["shell"] = count_rows(shell_command(data, where))
        if set(row_counts.values()) != {rows}:
            raise SystemExit(f"{title}: expected {rows} rows, received {row_counts}")

        def get(name):
            server, path = requests[name]
            return lambda: server.get(path)

        results = run_rounds(rounds, ours=get("ours"), shell=lambda: shell(data, where), fastapi=(get("fastapi"), slow_rounds),
                          datasette=(get("datasette"), slow_rounds))
        for name, (server, _) in requests.items():
            results[name].peak = server.peak_megabytes()
    results["shell"].peak = peak_of(shell_command(data, where))
    comparison(report, title, rows, results)


def column_stores(report, data, title, rows, rounds, camera=None):
    """Compares with column stores. They write to a file in memory, which is their fastest way; curl discards what it receives."""
    query, where = (f"?camera_id={camera}", f"WHERE e.camera_id = '{camera}'") if camera else ("", "")
    names = ["duckdb", "duckdb-unsorted", "duckdb-sqlite", "clickhouse"]
    results = {}
    # One after the other, because two of them share a table, and idle threads of another one would disturb.
    for name in names:
        with ours(data) as server, ColumnStore(name, data) as store:
            received = {"ours": server.rows(EXPORT + query), name: store.rows(camera)}
            if set(received.values()) != {rows}:
                raise SystemExit(f"{title}: expected {rows} rows, received {received}")
            both = run_rounds(rounds, ours=lambda: server.get(EXPORT + query), other=lambda: store.export(camera))
            # The store's peak of all rounds; loading was another process.
            both["other"].peak = store.export(camera).peak
            both["ours"].peak = server.peak_megabytes()
        results[name] = both
    report.table(
        f"Column stores, {title}: {rows:,} rows",
        ["", "time", "Motion Export, over HTTP, in the same rounds", "peak memory", "Motion Export is faster"],
        [[NAMES[name], milliseconds(both["other"].seconds), milliseconds(both["ours"].seconds), f"{both['other'].peak:,.0f} MB",
          f"{both['other'].seconds / both['ours'].seconds:.2f} times"] for name, both in results.items()],
    )
    for name, both in results.items():
        report.compare(f"{title}, {rows:,} rows", NAMES[name], both["other"].seconds / both["ours"].seconds)


def previews(report, title, data, rounds, name, command):
    """Compares the preview of everything, with its totals and first rows, with the events per day alone."""
    with ours(data) as server:
        path = f"/api/v1/preview?query={urllib.parse.quote('timezone=UTC')}"
        body = json.loads(run("curl", "-sSf", *server.request(path), capture_output=True, text=True).stdout)
        if body["rows"] != data.events or sum(day["events"] for day in body["days"]) != data.events:
            raise SystemExit(f"the preview counts {body['rows']} events of {data.events}")
        results = run_rounds(rounds, ours=lambda: server.get(path), other=lambda: timed(command))
    ratio = results["other"].seconds / results["ours"].seconds
    report.table(f"{title}: {data.events:,} rows", ["", "time", "Motion Export is faster"],
                 [["Motion Export, over HTTP", milliseconds(results["ours"].seconds), ""],
                  [name, milliseconds(results["other"].seconds), f"{ratio:.2f} times"]])


def cold(report, data, rounds):
    """Compares exports of files that are not in the page cache. A fresh process reads them each time."""
    camera, camera_rows = data.middle_camera()
    selections = {f"all events, {data.events:,} rows": ("", ""),
                  f"one camera of {data.cameras:,}, {camera_rows:,} rows": (f"?camera_id={camera}", f"WHERE e.camera_id = '{camera}'")}
    table, dropped = [], True
    for title, (query, where) in selections.items():
        measured = {"ours": [], "shell": []}
        for _ in range(rounds):
            dropped &= machine.drop_from_page_cache(data.files)
            with ours(data) as server:
                measured["ours"].append(server.get(EXPORT + query))
            dropped &= machine.drop_from_page_cache(data.files)
            measured["shell"].append(shell(data, where))
        one, other = medians(measured["ours"]), medians(measured["shell"])
        table.append([title, milliseconds(one.seconds), milliseconds(one.first), milliseconds(other.seconds),
                      f"{other.seconds / one.seconds:.2f} times"])
        report.compare(f"Cold, {title}", NAMES["shell"], other.seconds / one.seconds)
    report.table("Cold: the database is not in the page cache",
                 ["", "Motion Export, over HTTP", "first byte", "sqlite3 shell", "Motion Export is faster"], table)
    report.add("\nBefore each export, the file was dropped from the page cache"
               + ("." if dropped else ", but not all of its pages left it."))


def small_machine(report, data, rounds):
    """Compares on one core with little memory, as a small board has: server, client and the others share the core."""
    prefix = ["taskset", "--cpu-list", SMALL_CORES]
    with machine.memory_limit(SMALL_MEGABYTES) as limit:
        # The control group is not left by the processes that a limited process starts.
        options = {"preexec_fn": limit} if limit else {}

        def get(server):
            status, first, total, size = run(*prefix, *server.curl(EXPORT), capture_output=True, text=True).stdout.split()
            if status != "200":
                raise SystemExit(f"the export on one core returned status {status}")
            return Measured(float(total), float(first), int(size))

        with ours(data, prefix, **options) as server:
            results = run_rounds(rounds, ours=lambda: get(server),
                                 shell=lambda: timed([*prefix, *shell_command(data, "")], **options))
            results["ours"].peak = server.peak_megabytes()
    results["shell"].peak = peak_of(shell_command(data, ""))
    comparison(report, "One core" + (f" and {SMALL_MEGABYTES} MB" if limit else ""), data.events, results)
    if not limit:
        report.add("\nThe memory was not limited, because this user may not create control groups.")


def on_postgres(report, data, rounds, slow_rounds):
    with ours(data) as our_server, fastapi(data) as python_server:
        binary_tag = run(*binary_command(data), capture_output=True, text=True).stdout
        row_counts = {"ours": our_server.rows(EXPORT), "psql": count_rows(psql_command(data)),
                   "binary": int(binary_tag.removeprefix("COPY ")), "fastapi": python_server.rows(EXPORT)}
        if set(row_counts.values()) != {data.events}:
            raise SystemExit(f"PostgreSQL: expected {data.events} rows, received {row_counts}")
        results = run_rounds(rounds, ours=lambda: our_server.get(EXPORT), psql=lambda: timed(psql_command(data)),
                          binary=lambda: timed(binary_command(data)),
                          fastapi=(lambda: python_server.get(EXPORT), slow_rounds))
        results["ours"].peak, results["fastapi"].peak = our_server.peak_megabytes(), python_server.peak_megabytes()
    results["psql"].peak, results["binary"].peak = peak_of(psql_command(data)), peak_of(binary_command(data))
    comparison(report, "PostgreSQL, all events", data.events, results)
    report.add("\nPeak memory does not include PostgreSQL's own.")


def check_same_bytes(report, data, other):
    files = [WORK / "sqlite.csv", WORK / "postgres.csv"]
    for one, file in zip([data, other], files):
        one.run("export", "--output", file)
    if not filecmp.cmp(*files, shallow=False):
        raise SystemExit(f"{files[0]} and {files[1]} differ; remove both databases if another version created one of them")
    size = files[0].stat().st_size
    report.add(f"\nThe same events give the same bytes on both databases: {data.events:,} rows, {size:,} bytes.")


def check_same_rows(data, name, command):
    """Checks that our rows with --raw equal the shell's or psql's, so that the same work is compared."""
    reference = WORK / "reference.csv"
    with open(reference, "wb") as out:
        timed(command, out)
    data.run("export", "--raw", "--output", WORK / "ours.csv")
    with open(reference, newline="", encoding="utf-8") as left, open(WORK / "ours.csv", newline="", encoding="utf-8") as right:
        count = 0
        for one, other in zip(csv.reader(left), csv.reader(right), strict=True):
            # The shell writes 70.0 where we write 70.
            if one != other and (one[:3] + one[4:] != other[:3] + other[4:] or float(one[3]) != float(other[3])):
                raise SystemExit(f"{name} and Motion Export differ: {one} and {other}")
            count += 1
    log(f"the {count - 1:,} rows of {name} equal those of Motion Export")


def encodings(report, data, rounds):
    with ours(data) as server:
        results = run_rounds(
            rounds,
            **{name: lambda name=name: server.get(EXPORT, f"Accept-Encoding: {name}") for name in ["identity", "zstd", "gzip", "br"]},
            shell_gzip=lambda: piped(data, "gzip -1"),
        )
    mine = results["identity"].seconds
    labels = {"identity": "uncompressed", "shell_gzip": "sqlite3 shell, piped through `gzip -1`"}
    report.table(
        f"Compression: {data.events:,} rows",
        ["", "time", "bytes on the wire", "first byte", "relative to uncompressed"],
        [[labels.get(name, name), milliseconds(one.seconds), f"{one.size:,}" if one.size else "", milliseconds(one.first),
          f"{one.seconds / mine:.2f} times"] for name, one in results.items()],
    )


def piped(data, through):
    command = f"sqlite3 -readonly -csv -header '{data.plain}' \"$SQL\" | {through} > /dev/null"
    started = time.perf_counter()
    run("bash", "-c", command, env={**os.environ, "SQL": SHELL_SQL.format(where="")})
    return Measured(time.perf_counter() - started)


def scale(report, title, sets, rounds):
    rows, peaks, per_row = [], {}, {}
    for data in sets:
        with ours(data) as server:
            # A fresh server, so that its peak memory is that of this size.
            measured = [server.get(EXPORT) for _ in range(rounds + 1)][1:]
            peaks[data.events] = server.peak_megabytes()
        one = medians(measured)
        per_row[data.events] = one.seconds / data.events
        rows.append([f"{data.events:,}", milliseconds(one.seconds), f"{one.seconds / data.events * 1e9:,.0f} ns",
                     milliseconds(one.first), f"{peaks[data.events]:.1f} MB"])
    report.table(title, ["rows", "time", "time per row", "first byte", "peak memory of the server"], rows)
    events = sorted(per_row)
    base = 100_000 if 100_000 in per_row else events[0]
    report.add(f"\nA row takes {per_row[events[-1]] / per_row[base]:.2f} times as long with {events[-1]:,} rows as with {base:,}.\n"
               f"The server's peak memory differs by {peaks[events[-1]] - peaks[events[0]]:+.1f} MB from that for {events[0]:,} rows.")


def concurrent_exports(report, data, rounds):
    with ours(data) as server:
        def three():
            started = time.perf_counter()
            clients = [subprocess.Popen(server.curl(EXPORT), stdout=subprocess.PIPE, text=True) for _ in range(3)]
            for client in clients:
                if not client.communicate()[0].startswith("200") or client.returncode:
                    raise SystemExit("one of three exports failed")
            return Measured(time.perf_counter() - started)

        results = run_rounds(rounds, one=lambda: server.get(EXPORT), three=three)
    one, three = (results[name].seconds for name in ["one", "three"])
    report.table(
        f"Concurrent exports: {data.events:,} rows each, on {os.cpu_count()} cores",
        ["", "time", "rows per second"],
        [["one export", milliseconds(one), f"{data.events / one:,.0f}"],
         ["three concurrent exports", milliseconds(three), f"{3 * data.events / three:,.0f}"]],
    )
    report.add(f"\nThree concurrent exports have {3 * one / three:.2f} times the throughput of one.")


def sign_in(server):
    """Returns a session cookie, as a browser gets it, because tokens open no pages."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    origin = f"http://127.0.0.1:{server.port}"
    connection.request("POST", "/login", "name=bench&password=correct+horse+battery",
                       {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin})
    response = connection.getresponse()
    cookie = response.getheader("Set-Cookie")
    if response.status != 303 or not cookie:
        raise SystemExit(f"signing in returned status {response.status}")
    return cookie.split(";")[0]


def other_requests(report, data, requests):
    with ours(data) as server:
        pages = {"settings page": "/settings", "camera list": "/api/v1/cameras"}
        cookie = sign_in(server)

        def times(path):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            header = {"Cookie": cookie}
            durations = []
            for _ in range(requests):
                started = time.perf_counter()
                connection.request("GET", path, headers=header)
                response = connection.getresponse()
                response.read()
                durations.append(time.perf_counter() - started)
                if response.status != 200:
                    raise SystemExit(f"{path} returned status {response.status}")
                time.sleep(0.002)
            return durations

        def percentiles(durations):
            durations = sorted(durations)
            return statistics.median(durations), durations[int(len(durations) * 0.99)]

        for path in pages.values():
            times(path)
        idle = {path: percentiles(times(path)) for path in pages.values()}
        # In separate processes, because starting curl must not delay the measurements.
        command = f"while {shlex.join(server.curl(EXPORT))} > /dev/null; do :; done"
        exporters = [subprocess.Popen(["bash", "-c", command], start_new_session=True) for _ in range(3)]
        time.sleep(0.5)
        busy = {path: percentiles(times(path)) for path in pages.values()}
        if any(exporter.poll() is not None for exporter in exporters):
            raise SystemExit("one of three exports failed")
        for exporter in exporters:
            os.killpg(exporter.pid, signal.SIGKILL)
            exporter.wait()
    report.table(
        "Other requests while three exports run",
        ["", "median, idle", "median, busy", "99th percentile, idle", "99th percentile, busy", "ratio of 99th percentiles"],
        [[name, milliseconds(idle[path][0]), milliseconds(busy[path][0]), milliseconds(idle[path][1]),
          milliseconds(busy[path][1]), f"{busy[path][1] / idle[path][1]:.2f}"] for name, path in pages.items()],
    )


def imports(report, data, rounds):
    """Compares imports of our own CSV and an ArgusAI database with the shell's `.import` into a table with the same keys."""
    csv_file, argus, native = WORK / "import.csv", WORK / "argusai.db", WORK / "native.csv"
    data.run("export", "--output", csv_file)
    argus.unlink(missing_ok=True)
    run("sqlite3", argus, f"""
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ATTACH '{data.plain}' AS source;
        CREATE TABLE cameras (id TEXT PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO cameras SELECT id, coalesce(name, id) FROM source.cameras;
        CREATE TABLE motion_events (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, timestamp DATETIME NOT NULL,
            confidence FLOAT NOT NULL, motion_intensity FLOAT, algorithm_used VARCHAR(20) NOT NULL, bounding_box TEXT,
            frame_thumbnail TEXT, ai_event_id TEXT, created_at DATETIME);
        INSERT INTO motion_events SELECT substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4)
            || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21), camera_id,
            strftime('%Y-%m-%d %H:%M:%S', timestamp / 1000000, 'unixepoch') || printf('.%06d', timestamp % 1000000),
            confidence / 100, NULL, algorithm, CASE WHEN x IS NOT NULL THEN json_array(x, y, width, height) END, NULL, NULL, NULL
        FROM source.motion_events ORDER BY timestamp, id;
    """, stdout=subprocess.DEVNULL)
    with open(native, "wb") as out:
        run("sqlite3", "-csv", data.plain, "SELECT timestamp, hex(id), camera_id, confidence, algorithm, x, y, width, height, "
            "zone_id FROM motion_events ORDER BY timestamp, id", stdout=out)
    target = WORK / "import.db"

    def fresh():
        for old in WORK.glob("import.db*"):
            old.unlink()

    def our_import(kind, file):
        def go():
            fresh()
            environment = {**os.environ, "DATABASE_URL": f"sqlite://{target}"}
            run(OURS, "migrate", "up", env=environment, cwd=WORK, stdout=subprocess.DEVNULL)
            return timed([OURS, "import", kind, file], env=environment, cwd=WORK)
        return go

    def shell_import():
        fresh()
        run("sqlite3", target, """
            CREATE TABLE motion_events (timestamp INTEGER NOT NULL, id TEXT NOT NULL, camera_id TEXT NOT NULL,
                confidence REAL, algorithm TEXT NOT NULL, x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_id TEXT,
                PRIMARY KEY (timestamp, id)) WITHOUT ROWID;
            CREATE INDEX by_camera ON motion_events (camera_id, timestamp, id);
        """)
        return timed(["sqlite3", "-csv", target, f".import {native} motion_events"])

    results = run_rounds(rounds, shell=shell_import, csv=our_import("csv", csv_file), argusai=our_import("argusai", argus))
    fresh()
    names = {"shell": "sqlite3 shell, `.import`", "csv": "Motion Export, `import csv`", "argusai": "Motion Export, `import argusai`"}
    report.table(
        f"Import: {data.events:,} rows",
        ["", "time", "rows per second", "relative to the shell"],
        [[names[name], milliseconds(one.seconds), f"{data.events / one.seconds:,.0f}",
          f"{results['shell'].seconds / one.seconds:.2f}"] for name, one in results.items()],
    )
    for name in ["csv", "argusai"]:
        report.compare(f"{names[name]}, {data.events:,} rows", names["shell"], results["shell"].seconds / results[name].seconds)


class IngestTarget:
    """Where the ingest endpoint and Python write: two databases of one engine, empty before each measurement."""

    title = "Ingest"
    python = "Python and SQLite, without HTTP"

    def __init__(self):
        self.ours, self.peer = WORK / "ingest.db", WORK / "ingest-peer.db"
        self.url = f"sqlite://{self.ours}"

    def clear(self):
        for path in [self.ours, self.peer]:
            for old in WORK.glob(path.name + "*"):
                old.unlink()

    def write(self, groups):
        return ingest_peer.write(self.peer, groups)

    def stored(self):
        return sqlite3.connect(self.ours).execute("SELECT count(*) FROM motion_events").fetchone()[0]


class PostgresIngestTarget(IngestTarget):
    title = "PostgreSQL, ingest"
    python = "Python and psycopg, without HTTP"

    def __init__(self):
        self.url = f"postgres://test@localhost/ingest?host={CLUSTER}"

    def clear(self):
        statements = [f"{what} {name}" for name in ["ingest", "ingest_peer"]
                      for what in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"]]
        run(*psql("postgres", "SET client_min_messages = warning", *statements), stdout=subprocess.DEVNULL)

    def write(self, groups):
        return ingest_peer.write_postgres(f"host={CLUSTER} user=test dbname=ingest_peer", groups)

    def stored(self):
        return int(run(*psql("ingest", "SELECT count(*) FROM motion_events"), "-At", capture_output=True, text=True).stdout)


def ingest(report, rounds, target):
    """Compares the ingest endpoint with a Python program that commits the same events to a table with the same keys."""
    environment = {**os.environ, "DATABASE_URL": target.url,
                   "MOTION_EXPORT_INGEST_REQUESTS_PER_SECOND": "1000000", "MOTION_EXPORT_INGEST_BURST": "1000000"}

    def endpoint(send):
        """Returns what `send` returns for the port of a new server and a token."""
        target.clear()
        command = {"env": environment, "cwd": WORK}
        run(OURS, "migrate", "up", stdout=subprocess.DEVNULL, **command)
        run(OURS, "user", "add", "bench", "--admin", "--password-stdin", input=b"correct horse battery",
            stdout=subprocess.DEVNULL, **command)
        token = run(OURS, "token", "create", "bench", "bench", "--write", capture_output=True, text=True, **command).stdout
        with Server([OURS, "serve", "--listen", "127.0.0.1:PORT"], **command) as server:
            return send(server.port, token.strip())

    def python(groups):
        target.clear()
        return Measured(target.write(groups))

    ours_name = "Motion Export, ingest endpoint"
    for size, count in [(1_000, 200_000), (1, 2_000)]:
        groups = ingest_peer.batches(ingest_peer.events(count), size)
        results = run_rounds(rounds, python=lambda: python(groups),
                             ours=lambda: endpoint(lambda port, token: Measured(ingest_peer.send(port, token, groups))))
        what = f"{count:,} events, {size:,} in each request and commit"
        names = {"ours": ours_name, "python": target.python}
        report.table(
            f"{target.title}: {what}",
            ["", "time", "events per second", "relative to Python"],
            [[names[name], milliseconds(one.seconds), f"{count / one.seconds:,.0f}",
              f"{results['python'].seconds / one.seconds:.2f}"] for name, one in results.items()],
        )
        report.compare(f"{target.title}: {what}", target.python, results["python"].seconds / results["ours"].seconds)
    # The last peer committed single events.
    alone = count / results["python"].seconds
    rates = []
    for _ in range(rounds):
        requests, seconds = endpoint(
            lambda port, token: ingest_peer.send_at_once(port, token, WORK / "single.lua", SENDERS, SEND_SECONDS))
        stored = target.stored()
        # The last requests may have been answered after wrk stopped.
        if not requests <= stored <= requests + SENDERS:
            raise SystemExit(f"{stored} events were stored after {requests} responses")
        rates.append(requests / seconds)
    together = statistics.median(rates)
    report.table(f"{target.title}: single events of {SENDERS} senders at once", ["", "events per second", "relative to Python"],
                 [[ours_name, f"{together:,.0f}", f"{together / alone:.2f}"],
                  [target.python + ", one commit each", f"{alone:,.0f}", "1.00"]])
    report.compare(f"{target.title}: single events of {SENDERS} senders at once", target.python, together / alone)
    target.clear()


def exports_while_events_come_in(report, data, rounds):
    """Compares an export alone with one while 1,000 events per second are sent."""
    copy, rate, size = WORK / "busy.db", 1_000, 10
    for old in WORK.glob(copy.name + "*"):
        old.unlink()
    shutil.copy(data.path, copy)
    environment = {**data.environment, "DATABASE_URL": f"sqlite://{copy}",
                   "MOTION_EXPORT_INGEST_REQUESTS_PER_SECOND": "1000", "MOTION_EXPORT_INGEST_BURST": "1000"}
    token = run(OURS, "token", "create", "bench", "sender", "--write", capture_output=True, text=True, env=environment,
                cwd=WORK).stdout.strip()
    command = [OURS, "serve", "--listen", "127.0.0.1:PORT"]
    with Server(command, [f"Authorization: Bearer {data.token}"], env=environment, cwd=WORK) as server:
        server.get(EXPORT)
        alone = medians([server.get(EXPORT) for _ in range(rounds)])
        sender = multiprocessing.Process(target=ingest_peer.send_steadily, args=(server.port, token, rate, size), daemon=True)
        sender.start()
        time.sleep(1)
        busy = medians([server.get(EXPORT) for _ in range(rounds)])
        if not sender.is_alive():
            raise SystemExit("events could not be sent while exports ran")
        sender.kill()
        sender.join()
    copy.unlink()
    report.table(f"Exports of {data.events:,} events while {rate:,} events per second come in", ["", "time"],
                 [["export alone", milliseconds(alone.seconds)], ["export while events come in", milliseconds(busy.seconds)]])
    report.add(f"\nWhile events come in, an export takes {busy.seconds / alone.seconds:.2f} times as long.")


def live_source(report):
    """Follows a stand-in for Frigate whose day passes in a minute."""
    events, database = live.day(), WORK / "live.db"
    for old in WORK.glob(database.name + "*"):
        old.unlink()
    stand_in = live.StandIn(events, live.DAY / 60)
    source = {"KIND": "frigate", "URL": stand_in.url, "EVERY_SECONDS": "1"}
    environment = {**os.environ, "DATABASE_URL": f"sqlite://{database}",
                   **{f"MOTION_EXPORT_SOURCE_HOUSE_{key}": value for key, value in source.items()}}
    command = {"env": environment, "cwd": WORK}
    with Server([OURS, "serve", "--listen", "127.0.0.1:PORT"], **command) as server:
        time.sleep(70)
        ticks = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    # What got its row late, and long before, is read by the sweep, which the next start begins with.
    run(OURS, "source", "once", "house", stdout=subprocess.DEVNULL, **command)
    stored = count_rows(["env", f"DATABASE_URL=sqlite://{database}", str(OURS), "export"])
    if stored != len(events):
        raise SystemExit(f"{stored} of {len(events)} events of the stand-in were stored")
    seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    report.table("Live source: a day of a stand-in for Frigate in a minute", ["events", "stored", "processor time"],
                 [[f"{len(events):,}", f"{stored:,}", f"{seconds:.2f} s"]])


def live_mqtt(report):
    """Measures how long after its end an event is in an export, with the next poll a day away."""
    database, folder = WORK / "mqtt.db", WORK / "mqtt"
    for old in WORK.glob(database.name + "*"):
        old.unlink()
    folder.mkdir(exist_ok=True)
    events = []
    stand_in, broker = live.StandIn(events, 1), live.Broker(ROOT, folder)
    source = {"KIND": "frigate", "URL": stand_in.url, "EVERY_SECONDS": "86400", "MQTT": f"mqtt://127.0.0.1:{broker.port}"}
    environment = {**os.environ, "DATABASE_URL": f"sqlite://{database}",
                   **{f"MOTION_EXPORT_SOURCE_HOUSE_{key}": value for key, value in source.items()}}
    export = ["env", f"DATABASE_URL=sqlite://{database}", str(OURS), "export"]
    durations = []
    try:
        with Server([OURS, "serve", "--listen", "127.0.0.1:PORT"], env=environment, cwd=WORK):
            time.sleep(5)
            for number in range(20):
                start = live.START + number
                row = {**live.day()[number]["row"], "id": f"{start:.6f}-{number:06x}", "start_time": start}
                # Frigate writes the row a moment after it has published the message.
                broker.publish_end(row)
                began = time.monotonic()
                events.append({"inserted": 0, "ends": start + 1, "row": row})
                while count_rows(export) <= number:
                    if time.monotonic() - began > 30:
                        raise SystemExit("an event whose end was reported over MQTT is not in the export")
                durations.append(time.monotonic() - began)
    finally:
        broker.process.terminate()
    report.table("Live source: from the end of an event over MQTT to an export with it, the export included",
                 ["events", "median", "longest"],
                 [[str(len(durations)), f"{statistics.median(durations):.2f} s", f"{max(durations):.2f} s"]])


def versions(halves):
    def first_line(*command):
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False).stdout.split("\n")[0]

    pythons = {PYTHON: ["fastapi", "sqlalchemy", "uvicorn", "uvloop"]}
    tools = []
    if "sqlite" in halves:
        pythons[DATASETTE] = ["datasette", "uvicorn"]
        pythons[COLUMN_STORES] = ["duckdb", "duckdb_extension_sqlite_scanner", "chdb", "chdb-core"]
        tools.append("sqlite3 shell " + first_line("sqlite3", "-version")[:6])
    if "postgres" in halves:
        pythons[PYTHON].append("psycopg")
        version = first_line(POSTGRES / "postgres", "--version").removeprefix("postgres (PostgreSQL) ")
        tools.append(f"PostgreSQL {version}, over a Unix socket; {', '.join(CLUSTER_SETTINGS)}, fsync = off")
    packages = ", ".join(
        f"{one['name']} {one['version']}"
        for python, wanted in pythons.items()
        for one in json.loads(run(python, "-m", "pip", "list", "--format", "json", capture_output=True, text=True).stdout)
        if one["name"].lower() in wanted
    )
    cpu = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in cpu if "model name" in line), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return [f"{model}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()} {platform.release()}",
            first_line(OURS, "--version"), first_line("rustc", "--version"), *tools,
            f"Python {platform.python_version()}, {packages}", first_line("curl", "--version")]


def up_to_a_million(sets):
    """Returns the largest data set that the slow programs can export in reasonable time."""
    return max((data for data in sets if data.events <= 1_000_000), key=lambda data: data.events, default=sets[0])


def sqlite_half(report, sizes, rounds, slow_rounds):
    sets = [Data(size, 8).make() for size in sizes]
    middle, largest = up_to_a_million(sets), sets[-1]
    many = Data(largest.events, 1_000).make()
    for data in [middle, largest, many]:
        data.make_flat()
    check_same_rows(sets[0], "the sqlite3 shell", shell_command(sets[0], ""))

    def both(data):
        with ours(data) as server:
            row_counts = {"ours": server.rows(EXPORT), "shell": count_rows(shell_command(data, ""))}
            if set(row_counts.values()) != {data.events}:
                raise SystemExit(f"expected {data.events} rows, received {row_counts}")
            results = run_rounds(rounds, ours=lambda: server.get(EXPORT), shell=lambda: shell(data), command=lambda: command(data))
            results["ours"].peak, results["shell"].peak = server.peak_megabytes(), peak_of(shell_command(data, ""))
        comparison(report, "All events", data.events, results)

    def command(data):
        return timed([OURS, "export"], env=data.environment, cwd=WORK)

    selections(report, middle, middle, "All events", middle.events, rounds, slow_rounds, "", "", "", "")
    column_stores(report, middle, "All events", middle.events, rounds)
    if largest is not middle:
        both(largest)
    camera, camera_rows = many.middle_camera()
    selections(report, many, many, "One camera of 1,000", camera_rows, rounds, slow_rounds, f"camera_id={camera}",
               f"WHERE e.camera_id = '{camera}'", f"camera_id={camera}", f"camera_id={camera}&_sort=timestamp")
    column_stores(report, many, "One camera of 1,000", camera_rows, rounds, camera)
    selections(report, largest, largest, "One day of ten years", largest.day_rows(), rounds, slow_rounds,
               f"start_date={DAY}&end_date={DAY}",
               f"WHERE e.timestamp >= {DAY_MICROS} AND e.timestamp < {DAY_MICROS + 86_400_000_000}",
               f"start={DAY_MICROS}&end={DAY_MICROS + 86_400_000_000}",
               "timestamp__gte=2021-03-10T00:00:00&timestamp__lt=2021-03-11T00:00:00&_sort=timestamp")
    encodings(report, middle, rounds)
    scale(report, "Size: all events, over HTTP", sets, rounds)
    days = ["sqlite3", "-readonly", largest.plain, SHELL_DAYS]
    previews(report, "Preview of all events", largest, rounds, "sqlite3 shell, events per day", days)
    cold(report, many, slow_rounds)
    small_machine(report, middle, rounds)
    concurrent_exports(report, middle, rounds)
    other_requests(report, middle, 1_000)
    imports(report, middle, slow_rounds)
    ingest(report, slow_rounds, IngestTarget())
    exports_while_events_come_in(report, middle, rounds)
    live_source(report)
    live_mqtt(report)


def postgres_half(report, sizes, rounds, slow_rounds):
    with cluster():
        sets = [PostgresData(size, 8).make() for size in sizes]
        check_same_rows(sets[0], "psql", psql_command(sets[0]))
        on_postgres(report, up_to_a_million(sets), rounds, slow_rounds)
        check_same_bytes(report, Data(sizes[0], 8).make(), sets[0])
        scale(report, "PostgreSQL, size: all events, over HTTP", sets, rounds)
        days = psql(sets[-1].name, PSQL_DAYS)
        previews(report, "PostgreSQL, preview of all events", sets[-1], rounds, "psql, events per day", days)
        ingest(report, slow_rounds, PostgresIngestTarget())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", default="10000,100000,1000000,10000000", help="sizes, smallest first")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="measure only one database")
    parser.add_argument("--output", type=Path, help="the file to write; docs/benchmarks.md by default after a full run")
    options = parser.parse_args()
    if options.output is None and all(
        getattr(options, name) == parser.get_default(name) for name in ["events", "rounds", "only"]
    ):
        options.output = ROOT / "docs/benchmarks.md"
    halves = [options.only] if options.only else ["sqlite", "postgres"]
    sizes = [int(size) for size in options.events.split(",")]
    rounds, slow_rounds = options.rounds, min(options.rounds, 2)
    postgres_sizes = [size for size in sizes if size >= POSTGRES_FROM]
    if "postgres" in halves and not postgres_sizes:
        halves.remove("postgres")
        log(f"PostgreSQL is skipped: it is measured only from {POSTGRES_FROM:,} events")
    halves or sys.exit("nothing to measure")
    for tool in ["curl", "sqlite3", "gzip", "fincore", "taskset", "wrk"] if "sqlite" in halves else ["curl", "wrk"]:
        shutil.which(tool) or sys.exit(f"{tool} is missing; `make bench` installs it")
    needed = ["initdb", "postgres", "psql"]
    if "postgres" in halves and not (POSTGRES and all((POSTGRES / tool).exists() for tool in needed)):
        sys.exit("PostgreSQL's server or psql is missing in /usr/lib/postgresql; `make bench` installs it")
    # sys.exit ends the running programs first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))

    report = Report()
    report.add("# Benchmarks\n")
    report.add("Written by `make bench`.\n"
               f"The figures are medians of {rounds} rounds in one run; in each round the programs run one after another.\n"
               f"FastAPI, Datasette and imports take part only in the first {slow_rounds} rounds.\n"
               "Compare the ratios.\n"
               "Before the rounds, each program is queried once, and the rows that it sends are counted.\n"
               "For the smallest data set, the rows are also compared.\n")
    for version in versions(halves):
        report.add(f"- {version}")
    report.end_head()
    if "sqlite" in halves:
        sqlite_half(report, sizes, rounds, slow_rounds)
    if "postgres" in halves:
        postgres_half(report, postgres_sizes, rounds, slow_rounds)

    report.insert_peers()
    if options.output is None:
        return log("\nnot written to a file, because this was not a full run")
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text("\n".join(report.lines) + "\n", encoding="utf-8")
    log(f"\nwritten to {options.output}")


if __name__ == "__main__":
    main()
