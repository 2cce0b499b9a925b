"""A first read into pandas.

    python first_read.py [grpc://localhost:8815]
"""

import os
import sys

import pyarrow.flight as flight

ADDRESS = os.environ.get("ECON_GRAPH_FLIGHT", "grpc://localhost:8815")

with flight.connect(sys.argv[1] if len(sys.argv) > 1 else ADDRESS) as client:
    info = client.get_flight_info(flight.FlightDescriptor.for_path("series"))
    catalogue = client.do_get(info.endpoints[0].ticket).read_pandas()
    print(catalogue[["external_id", "frequency", "points", "last_date"]].head())

    # The series with the most points; it could be named by its external id as well.
    series = catalogue.sort_values("points", ascending=False).iloc[0]
    info = client.get_flight_info(flight.FlightDescriptor.for_path("data_points", series["id"]))
    frame = client.do_get(info.endpoints[0].ticket).read_pandas()
    print(f"\n{series['title']}, {info.total_records} dates")
    print(frame.set_index("date")["value"].tail())
