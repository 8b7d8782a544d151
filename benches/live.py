"""A stand-in for Frigate whose day takes a minute, and a sender of events at a steady rate."""

import http.server
import json
import os
import random
import socket
import struct
import subprocess
import threading
import time
import urllib.parse
from email.utils import formatdate

DAY = 86_400
# The clock of the stand-in begins here: 2025-12-01T00:00:00Z.
START = 1_764_547_200.0
EVENTS = 2_000


def day(seed=1):
    """Returns the events of a day: when each begins, ends, and has a row. One in ten gets its row late."""
    source = random.Random(seed)
    events = []
    for number in range(EVENTS):
        start = START + source.uniform(0, DAY)
        end = start + source.uniform(2, 300)
        late = source.uniform(0, 7_200) if number % 10 == 0 else 1
        events.append({"inserted": start + late, "ends": max(end, start + late), "row": {
            "id": f"{start:.6f}-{number:06x}", "label": "person", "camera": f"camera{number % 8}", "start_time": round(start, 6),
            "zones": [], "false_positive": None,
            "data": {"type": "object", "top_score": 0.75, "box": [0.5, 0.5, 0.25, 0.25]}}})
    return events


class StandIn:
    """Serves the events that exist at its time, which passes `speed` times as fast as ours."""

    def __init__(self, events, speed):
        began = time.monotonic()
        self.now = lambda: START + (time.monotonic() - began) * speed
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return formatdate(stand_in.now(), usegmt=True)

            def do_GET(self):
                address = urllib.parse.urlparse(self.path)
                now, query = stand_in.now(), dict(urllib.parse.parse_qsl(address.query))
                rows = [{**event["row"], "end_time": event["ends"] if event["ends"] <= now else None}
                        for event in events if event["inserted"] <= now]
                if address.path == "/api/config":
                    size = {"detect": {"width": 1280, "height": 720}}
                    answer = {"cameras": {f"camera{number}": size for number in range(8)}}
                elif address.path == "/api/events":
                    after, before = float(query["after"]), float(query["before"])
                    rows = [row for row in rows if after < row["start_time"] < before]
                    answer = sorted(rows, key=lambda row: -row["start_time"])[:int(query["limit"])]
                else:
                    answer = next((row for row in rows if address.path.endswith(row["id"])), None)
                body = json.dumps(answer).encode()
                self.send_response(200 if answer is not None else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Broker:
    """Debian's mosquitto, as `make mosquitto` unpacks it, at a free port."""

    def __init__(self, root, folder):
        usr = root / "target/mosquitto/usr"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "mosquitto.conf").write_text(f"user root\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n")
        libraries = ":".join(str(path) for path in (usr / "lib").iterdir())
        self.process = subprocess.Popen([usr / "sbin/mosquitto", "-c", folder / "mosquitto.conf"],
                                        env={**os.environ, "LD_LIBRARY_PATH": libraries},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def publish_end(self, event):
        """Publishes the end of an event with QoS 0, as Frigate does by default."""
        def text(value):
            return struct.pack(">H", len(value)) + value

        def packet(kind, body):
            length = len(body)
            size = b""
            while True:
                length, digit = divmod(length, 128)
                size += bytes([digit | (0x80 if length else 0)])
                if not length:
                    return bytes([kind]) + size + body

        payload = json.dumps({"type": "end", "after": {"id": event["id"], "has_clip": True, "false_positive": False}}).encode()
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(packet(0x10, text(b"MQTT") + bytes([4, 2, 0, 60]) + text(b"frigate")))
            connection.recv(4)
            connection.sendall(packet(0x30, text(b"frigate/events") + payload) + packet(0xE0, b""))
            connection.recv(1)
