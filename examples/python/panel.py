"""A panel of all monthly series into polars, its parts fetched side by side.

    python panel.py [grpc://localhost:8815]
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pyarrow as pa
import pyarrow.flight as flight

ADDRESS = os.environ.get("ECON_GRAPH_FLIGHT", "grpc://localhost:8815")
COMMAND = {
    "type": "data_points",
    "filter": {"frequency": "monthly"},
    "startDate": "2010-01-01",
    "columns": ["external_id", "date", "value"],
}

with flight.connect(sys.argv[1] if len(sys.argv) > 1 else ADDRESS) as client:
    descriptor = flight.FlightDescriptor.for_command(json.dumps(COMMAND))
    info = client.get_flight_info(descriptor)

    def fetch(endpoint):
        return client.do_get(endpoint.ticket).read_all()

    # Large panels have several endpoints; their order is that of the rows.
    with ThreadPoolExecutor() as pool:
        panel = pl.from_arrow(pa.concat_tables(pool.map(fetch, info.endpoints)))

yearly = (
    panel.with_columns(pl.col("external_id").cast(pl.String), pl.col("date").dt.year().alias("year"))
    .group_by("external_id", "year")
    .agg(pl.col("value").mean())
    .sort("external_id", "year")
)
print(f"{panel.height} rows of {panel['external_id'].n_unique()} series; yearly means:")
print(yearly)
