"""The users of the load test: some export 100,000 rows, others request pages meanwhile. `make load` runs it."""

import itertools
import json
import os
import time

from locust import FastHttpUser, constant, constant_throughput, events, task

ACCOUNTS = json.loads(os.environ["LOAD_ACCOUNTS"])
ROWS = int(os.environ["LOAD_ROWS"])
EXPORT = "/api/v1/motion-events/export"
user_numbers = itertools.count()


class Exporter(FastHttpUser):
    """Exports all events repeatedly. Two exporters share an account, which may run three exports at once."""

    fixed_count = 2 * len(ACCOUNTS)
    wait_time = constant(0.5)

    def on_start(self):
        self.token = ACCOUNTS[next(user_numbers) % len(ACCOUNTS)]["token"]

    @task
    def export(self):
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}
        started = time.perf_counter()
        with self.client.get(EXPORT, headers=headers, name="export of 100,000 rows", stream=True, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return
            lines = size = 0
            try:
                while chunk := response.stream.read(65_536):
                    lines, size = lines + chunk.count(b"\n"), size + len(chunk)
            except Exception as error:
                response.failure(error)
                return
            # The time and size of the whole file; locust has measured only the time to the first byte.
            response.request_meta.update(response_time=(time.perf_counter() - started) * 1e3, response_length=size)
            if lines != ROWS + 1:
                response.failure(f"expected {ROWS + 1} lines, received {lines}")


class Visitor(FastHttpUser):
    """Requests pages, five per second."""

    fixed_count = 4
    wait_time = constant_throughput(5)

    def on_start(self):
        account = ACCOUNTS[next(user_numbers) % len(ACCOUNTS)]
        self.client.post("/login", data={"name": account["name"], "password": account["password"]},
                         headers={"Origin": self.host}, name="sign in", allow_redirects=False)

    @task(4)
    def settings(self):
        self.client.get("/settings", name="settings page")

    @task(4)
    def cameras(self):
        self.client.get("/api/v1/cameras", name="camera list")

    @task(1)
    def history(self):
        self.client.get("/settings/exports", name="export history")

    @task(1)
    def preview(self):
        self.client.get("/api/v1/preview?query=timezone%3DEurope%2FBerlin", name="preview")


@events.quitting.add_listener
def set_exit_code(environment, **_):
    if environment.stats.total.num_failures or not environment.stats.total.num_requests:
        environment.process_exit_code = 1
