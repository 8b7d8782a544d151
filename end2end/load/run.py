#!/usr/bin/env python3
"""`make load`: the specification's load test. It serves 100,000 events to many users. Some export them at once, within their
limits, and others request pages. locust prints rates, percentiles and failures, and exits with an error if there are any.

`make load SECONDS=60` runs longer than the default of 20 seconds."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "target/release/motion-export"
ROWS = 100_000
ACCOUNTS = 8


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "20"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DATABASE_URL": f"sqlite://{folder}/load.db"}

        def program(*arguments, **options):
            return subprocess.run([PROGRAM, *arguments], env=environment, check=True, stdout=subprocess.PIPE, **options).stdout

        program("demo", "--events", str(ROWS), "--until", "2025-12-01T00:00:00Z")
        accounts = []
        for number in range(ACCOUNTS):
            name, password = f"person-{number}", secrets.token_hex(12)
            program("user", "add", name, "--admin", "--password-stdin", input=password.encode())
            token = program("token", "create", name, "load").decode().strip()
            accounts.append({"name": name, "password": password, "token": token})
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % probe.getsockname()[1]
        log = open(ROOT / "target/load/server.log", "wb")
        server = subprocess.Popen([PROGRAM, "serve", "--listen", address], env=environment, cwd=ROOT, stdout=log, stderr=log)
        try:
            host, port = address.split(":")
            for _ in range(200):
                try:
                    socket.create_connection((host, int(port)), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            settings = {"LOAD_ACCOUNTS": json.dumps(accounts), "LOAD_ROWS": str(ROWS)}
            result = subprocess.run(
                [sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", Path(__file__).with_name("locustfile.py"),
                 "--host", f"http://{address}", "-u", str(2 * ACCOUNTS + 4), "-r", "10", "-t", f"{seconds}s"],
                env={**os.environ, **settings}, check=False,
            )
            status = Path(f"/proc/{server.pid}/status").read_text()
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
            print(f"peak memory of the server: {int(peak) * 1024 / 1e6:.0f} MB")
        finally:
            server.terminate()
            server.wait()
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
