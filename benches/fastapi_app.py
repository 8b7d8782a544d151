"""A program to compare with in `make bench`: the export in FastAPI and SQLAlchemy, which the specification names.

It follows their documentation: a server-side cursor with batches, a generator, Python's csv module, a streaming response."""

import csv
import io
import os
from datetime import datetime, timezone

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import column, create_engine, func, select, table

BATCH = 1_000
COLUMNS = "timestamp,camera_id,camera_name,confidence,algorithm,x,y,width,height,zone_id".split(",")

engine = create_engine(os.environ["BENCH_DATABASE_URL"])
events = table("motion_events", *(column(name) for name in ["id", *(c for c in COLUMNS if c != "camera_name")]))
cameras = table("cameras", column("id"), column("name"))
app = FastAPI()


@app.get("/api/v1/motion-events/export")
def export(start: int | None = None, end: int | None = None, camera_id: str | None = None):
    query = (
        select(*(events.c[name] for name in COLUMNS if name != "camera_name"), func.coalesce(cameras.c.name, events.c.camera_id))
        .select_from(events.outerjoin(cameras, cameras.c.id == events.c.camera_id))
        .order_by(events.c.timestamp, events.c.id)
    )
    if start is not None:
        query = query.where(events.c.timestamp >= start)
    if end is not None:
        query = query.where(events.c.timestamp < end)
    if camera_id is not None:
        query = query.where(events.c.camera_id == camera_id)

    def lines():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        with engine.connect().execution_options(yield_per=BATCH) as connection:
            for batch in connection.execute(query).partitions():
                for timestamp, camera, confidence, algorithm, x, y, width, height, zone, name in batch:
                    moment = datetime.fromtimestamp(timestamp // 1_000_000, timezone.utc).replace(microsecond=timestamp % 1_000_000)
                    writer.writerow([moment.isoformat(), camera, name, confidence, algorithm, x, y, width, height, zone])
                yield text.getvalue()
                text.seek(0)
                text.truncate()
        yield text.getvalue()

    return StreamingResponse(lines(), media_type="text/csv")
