"""Writing a DataFrame: a series is created, and points are published.

    python write.py [grpc://localhost:8815]
"""

import json
import os
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.flight as flight

ADDRESS = os.environ.get("ECON_GRAPH_FLIGHT", "grpc://localhost:8815")


def put(client, path, frame, **options):
    """Returns what the service says when everything is durable."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(*path), table.schema)
    writer.write_metadata(json.dumps(options).encode())
    writer.write_table(table)
    writer.done_writing()
    results = []
    while (metadata := reader.read()) is not None:
        results.append(json.loads(metadata.to_pybytes()))
    writer.close()  # raises what went wrong
    return results[-1]


with flight.connect(sys.argv[1] if len(sys.argv) > 1 else ADDRESS) as client:
    # Any source will do; a new one is created over GraphQL.
    catalogue = client.do_get(flight.Ticket(b'{"type": "series"}')).read_pandas()
    series = pd.DataFrame(
        {
            "source_id": [catalogue["source_id"][0]],
            "external_id": ["EXAMPLE_PRICES"],
            "title": ["Consumer prices, an example"],
            "frequency": ["monthly"],
            "units": ["index"],
        }
    )
    print("series:", put(client, ["series"], series))

    prices = pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=6, freq="MS"),
            "revision_date": pd.Timestamp("2024-07-15"),
            "value": [100.0, 100.3, 100.9, 101.0, None, 101.6],
        }
    )
    path = ["data_points", "EXAMPLE_PRICES"]
    print("points:", put(client, path, prices))

    # A month later all of them are published again: only what changed is stored.
    prices["revision_date"] = pd.Timestamp("2024-08-15")
    prices.loc[4, "value"] = 101.2
    print("vintage:", put(client, path, prices, publish="vintages"))
