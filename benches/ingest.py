"""What the ingest endpoint is compared with: the same events, sent over HTTP or written by Python."""

import http.client
import json
import sqlite3
import subprocess
import time

import psycopg

# The newest allowed time is a day ahead of the clock, so the events are of a day in the past.
START = 1_764_547_200.0
CAMERAS = [f"camera-{number}" for number in range(8)]
TABLE = """
    CREATE TABLE motion_events (timestamp {moment} NOT NULL, id TEXT NOT NULL, camera_id TEXT NOT NULL, confidence REAL,
        algorithm TEXT NOT NULL, x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_id TEXT,
        PRIMARY KEY (timestamp, id)) {without_rowid};
    CREATE INDEX by_camera ON motion_events (camera_id, timestamp, id);
"""
INSERT = ("INSERT INTO motion_events (id, timestamp, camera_id, confidence, algorithm, x, y, width, height, zone_id) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")


def events(count):
    """Returns this many different events, in order of time."""
    return [
        {"id": str(number), "timestamp": START + number / 10, "camera_id": CAMERAS[number % len(CAMERAS)],
         "confidence": number % 1_000 / 10, "algorithm": "MOG2", "x": number % 1_920, "y": number % 1_080, "width": 50,
         "height": 80, "zone_id": f"zone-{number % 3}"}
        for number in range(count)
    ]


def batches(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def send(port, token, groups):
    """Sends each group of events in a request, one after another over one connection. Returns the seconds it took."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    bodies = [json.dumps(group) for group in groups]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.perf_counter()
    stored = 0
    for body in bodies:
        connection.request("POST", "/api/v1/motion-events", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise SystemExit(f"the ingest endpoint answered {response.status}: {answer}")
        stored += answer["accepted"]
    seconds = time.perf_counter() - start
    if stored != sum(map(len, groups)):
        raise SystemExit(f"{stored} events were stored")
    return seconds


def send_at_once(port, token, script, connections, seconds):
    """Sends single events over several connections at once with wrk. `script` is the file to write its program to. Returns
    the number of responses and the seconds it took."""
    program = """
        local sent = 0
        function request()
            sent = sent + 1
            local moment = %f + sent / 1000
            local body = string.format('{"id": "wrk-%%d", "timestamp": %%.3f, "camera_id": "camera-%%d", "confidence": 50, ' ..
                '"algorithm": "MOG2", "x": 1, "y": 2, "width": 50, "height": 80, "zone_id": "zone-%%d"}', sent, moment, sent %% 8, sent %% 3)
            return wrk.format("POST", "/api/v1/motion-events", {["authorization"] = "Bearer %s",
                ["content-type"] = "application/json"}, body)
        end
        function done(summary)
            local errors = summary.errors
            io.write(string.format("\\nDONE %%d %%d %%d\\n", summary.requests, summary.duration,
                errors.connect + errors.read + errors.write + errors.status + errors.timeout))
        end
    """
    script.write_text(program % (START, token), encoding="utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests, micros, errors = map(int, output.split("DONE ")[1].split())
    if errors:
        raise SystemExit(f"{errors} of {requests} requests failed")
    return requests, micros / 1e6


def send_steadily(port, token, rate, size):
    """Sends `rate` events per second, `size` in each request, until the process ends."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began, sent = time.perf_counter(), 0
    while True:
        group = [{"id": f"steady-{sent + number}", "timestamp": START + (sent + number) / 1_000, "camera_id": CAMERAS[number % 8]}
                 for number in range(size)]
        connection.request("POST", "/api/v1/motion-events", json.dumps(group), headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise SystemExit(f"the ingest endpoint answered {response.status}: {answer}")
        sent += size
        time.sleep(max(0, began + sent / rate - time.perf_counter()))


def write(path, groups):
    """Commits each group of events by itself, as durably as the server. Returns the seconds it took."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             + TABLE.format(moment="INTEGER", without_rowid="WITHOUT ROWID"))
    rows = [[list(event.values()) for event in group] for group in groups]
    start = time.perf_counter()
    for group in rows:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, group)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def write_postgres(address, groups):
    """Like `write`, to a PostgreSQL database. `psycopg` sends the events of a group without waiting for each."""
    with psycopg.connect(address) as connection:
        connection.execute(TABLE.format(moment="DOUBLE PRECISION", without_rowid=""))
        connection.commit()
        rows = [[list(event.values()) for event in group] for group in groups]
        start = time.perf_counter()
        for group in rows:
            with connection.cursor() as cursor:
                cursor.executemany(INSERT.replace("?", "%s"), group)
            connection.commit()
        return time.perf_counter() - start
