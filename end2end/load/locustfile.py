"""Who comes in the load test: people who export 100,000 rows, and others who look at pages meanwhile. `make load` runs it."""

import itertools
import json
import os
import time

from locust import FastHttpUser, constant, constant_throughput, events, task

ACCOUNTS = json.loads(os.environ["LOAD_ACCOUNTS"])
ROWS = int(os.environ["LOAD_ROWS"])
EXPORT = "/api/v1/motion-events/export"
turns = itertools.count()


class Exporter(FastHttpUser):
    """Exports everything, again and again. Two of them share an account, which may export three times at once."""

    fixed_count = 2 * len(ACCOUNTS)
    wait_time = constant(0.5)

    def on_start(self):
        self.token = ACCOUNTS[next(turns) % len(ACCOUNTS)]["token"]

    @task
    def export(self):
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}
        began = time.perf_counter()
        with self.client.get(EXPORT, headers=headers, name="export of 100,000 rows", stream=True, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"answered {response.status_code}")
                return
            lines = size = 0
            try:
                while chunk := response.stream.read(65_536):
                    lines, size = lines + chunk.count(b"\n"), size + len(chunk)
            except Exception as error:
                response.failure(error)
                return
            # Of the whole file; locust took the time of its first byte.
            response.request_meta.update(response_time=(time.perf_counter() - began) * 1e3, response_length=size)
            if lines != ROWS + 1:
                response.failure(f"{lines} lines instead of {ROWS + 1}")


class Visitor(FastHttpUser):
    """Looks around, five times a second."""

    fixed_count = 4
    wait_time = constant_throughput(5)

    def on_start(self):
        account = ACCOUNTS[next(turns) % len(ACCOUNTS)]
        self.client.post("/login", data={"name": account["name"], "password": account["password"]},
                         headers={"Origin": self.host}, name="sign in", allow_redirects=False)

    @task(4)
    def settings(self):
        self.client.get("/settings", name="settings page")

    @task(4)
    def cameras(self):
        self.client.get("/api/cameras", name="camera list")

    @task(1)
    def history(self):
        self.client.get("/settings/exports", name="export history")

    @task(1)
    def preview(self):
        self.client.get("/api/preview?query=timezone%3DEurope%2FBerlin", name="preview")


@events.quitting.add_listener
def judge(environment, **_):
    if environment.stats.total.num_failures or not environment.stats.total.num_requests:
        environment.process_exit_code = 1
