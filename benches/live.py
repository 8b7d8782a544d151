"""A stand-in for Frigate whose day takes a minute, and a sender of events at a steady rate."""

import http.server
import json
import random
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
