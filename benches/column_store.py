"""Exports events to CSV from a column store, for benches/run.py: DuckDB or ClickHouse (chdb), from a table of its own.

Usage: column_store.py ENGINE TABLE-FOLDER EVENTS.csv [SQLITE-DATABASE]. Loads EVENTS.csv once, then reads requests from
standard input, one JSON object a line, and answers each with the seconds that it took and the peak memory in MB. The
process stays, as a server does, so neither the start of Python nor the loading counts.

Each engine has what suits it: names are in the rows, as dictionaries compress them, and ClickHouse's table is sorted by
what the export sorts by. Results are written to a file in memory, because that is each engine's fastest way to CSV.
"""

import json
import resource
import sys
import time
from pathlib import Path

COLUMNS = "camera_id, camera_name, confidence, algorithm, x, y, width, height, zone_id"


class DuckDb:
    """DuckDB's own table, in the order of the export."""

    TIMESTAMP = """CASE WHEN epoch_us(timestamp) % 1000000 = 0 THEN strftime(timestamp, '%Y-%m-%dT%H:%M:%S+00:00')
        ELSE strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%f+00:00') END AS timestamp"""

    def __init__(self, folder, events, _database):
        import duckdb

        self.engine = duckdb.connect(str(folder / "events.duckdb"))
        if not self.engine.sql("SELECT 1 FROM duckdb_tables() WHERE table_name = 'events'").fetchone():
            self.engine.execute(f"""
                CREATE TABLE events AS
                SELECT make_timestamp(column00) AS timestamp, column01::UUID AS id, column02 AS camera_id,
                       column03 AS camera_name, column04 AS confidence, column05 AS algorithm, column06 AS x, column07 AS y,
                       column08 AS width, column09 AS height, column10 AS zone_id
                FROM read_csv('{events}', header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {{
                    'column00': 'BIGINT', 'column01': 'VARCHAR', 'column02': 'VARCHAR', 'column03': 'VARCHAR',
                    'column04': 'DOUBLE', 'column05': 'VARCHAR', 'column06': 'INTEGER', 'column07': 'INTEGER',
                    'column08': 'INTEGER', 'column09': 'INTEGER', 'column10': 'VARCHAR'}})
                ORDER BY timestamp, id""")

    def export(self, camera, output):
        where = f"WHERE camera_id = '{camera}'" if camera else ""
        self.engine.execute(f"""COPY (SELECT {self.TIMESTAMP}, {COLUMNS} FROM events {where} ORDER BY events.timestamp, id)
                                TO '{output}' (FORMAT csv, HEADER)""")


class DuckDbUnsorted(DuckDb):
    """The same table, whose rows are written as they lie in it. No other program here may rely on that."""

    def export(self, camera, output):
        where = f"WHERE camera_id = '{camera}'" if camera else ""
        self.engine.execute(
            f"COPY (SELECT {self.TIMESTAMP}, {COLUMNS} FROM events {where}) TO '{output}' (FORMAT csv, HEADER)")


class DuckDbOfSqlite:
    """DuckDB's reader of SQLite files, on Motion Export's own database."""

    def __init__(self, _folder, _events, database):
        import duckdb
        import duckdb_extension_sqlite_scanner

        self.engine = duckdb.connect()
        extension = Path(duckdb_extension_sqlite_scanner.__file__).parent.rglob("*.duckdb_extension")
        self.engine.execute(f"LOAD '{next(extension)}'")
        self.engine.execute(f"ATTACH '{database}' AS source (TYPE sqlite, READ_ONLY)")

    def export(self, camera, output):
        where = f"WHERE e.camera_id = '{camera}'" if camera else ""
        self.engine.execute(f"""
            COPY (SELECT {DuckDb.TIMESTAMP}, {COLUMNS} FROM (
                SELECT make_timestamp(e.timestamp) AS timestamp, e.id, e.camera_id,
                       coalesce(c.name, e.camera_id) AS camera_name, e.confidence, e.algorithm, e.x, e.y, e.width, e.height,
                       e.zone_id
                FROM source.motion_events e LEFT JOIN source.cameras c ON c.id = e.camera_id {where}
            ) AS events ORDER BY events.timestamp, id) TO '{output}' (FORMAT csv, HEADER)""")


class ClickHouse:
    """ClickHouse's MergeTree, sorted by the order of the export."""

    def __init__(self, folder, events, _database):
        from chdb.session import Session

        self.engine = Session(str(folder / "clickhouse"))
        self.engine.query("CREATE DATABASE IF NOT EXISTS bench")
        self.engine.query("""
            CREATE TABLE IF NOT EXISTS bench.events (timestamp DateTime64(6, 'UTC'), id UUID,
                camera_id LowCardinality(String), camera_name LowCardinality(String), confidence Nullable(Float64),
                algorithm LowCardinality(String), x Nullable(Int32), y Nullable(Int32), width Nullable(Int32),
                height Nullable(Int32), zone_id LowCardinality(Nullable(String)))
            ENGINE = MergeTree ORDER BY (timestamp, id)""")
        if self.engine.query("SELECT count() FROM bench.events", "CSV").bytes().strip() == b"0":
            self.engine.query(f"""
                INSERT INTO bench.events
                SELECT fromUnixTimestamp64Micro(us, 'UTC'), toUUID(id), camera_id, camera_name, confidence, algorithm, x, y, w, h,
                       zone_id
                FROM file('{events}', 'CSV', 'us Int64, id String, camera_id String, camera_name String,
                    confidence Nullable(Float64), algorithm String, x Nullable(Int32), y Nullable(Int32), w Nullable(Int32),
                    h Nullable(Int32), zone_id Nullable(String)')
                SETTINGS input_format_csv_empty_as_default = 1, input_format_null_as_default = 1""")
            self.engine.query("OPTIMIZE TABLE bench.events FINAL")

    def export(self, camera, output):
        where = f"WHERE camera_id = '{camera}'" if camera else ""
        Path(output).unlink(missing_ok=True)
        self.engine.query(f"""
            SELECT concat(formatDateTime(e.timestamp, '%Y-%m-%dT%H:%i:%S'),
                       if(toUnixTimestamp64Micro(e.timestamp) % 1000000 = 0, '', formatDateTime(e.timestamp, '.%f')), '+00:00')
                       AS timestamp,
                   {COLUMNS}
            FROM bench.events AS e {where} ORDER BY e.timestamp, e.id
            INTO OUTFILE '{output}' FORMAT CSVWithNames SETTINGS format_csv_null_representation = ''""")


ENGINES = {"duckdb": DuckDb, "duckdb-unsorted": DuckDbUnsorted, "duckdb-sqlite": DuckDbOfSqlite, "clickhouse": ClickHouse}


def main():
    engine, folder, *rest = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    engine = ENGINES[engine](Path(folder), *rest)
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        engine.export(request["camera"], request["output"])
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(json.dumps({"seconds": seconds, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
