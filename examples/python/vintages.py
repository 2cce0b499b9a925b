"""What was known when: the revisions of a series, and the series as of a day.

    python vintages.py [grpc://localhost:8815 [series]]
"""

import json
import os
import sys

import pyarrow.flight as flight

ADDRESS = os.environ.get("ECON_GRAPH_FLIGHT", "grpc://localhost:8815")
address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
series = sys.argv[2] if len(sys.argv) > 2 else "GDP_GROWTH"

with flight.connect(address) as client:

    def read(**command):
        # Who does not need an info first sends the command itself as the ticket.
        ticket = flight.Ticket(json.dumps({"series": [series], **command}))
        return client.do_get(ticket).read_pandas()

    every = read(type="vintages")
    print("The revision triangle:")
    print(every.pivot(index="date", columns="revision_date", values="value"))

    day = every["revision_date"].min()
    known = read(type="data_points", asOf=str(day))
    print(f"\nAs of {day}, {len(known)} dates were known, of {every['date'].nunique()} today.")

    first = read(type="data_points", revisions="ORIGINAL").set_index("date")["value"]
    latest = read(type="data_points").set_index("date")["value"]
    print(f"\nMean revision from first to latest: {(latest - first).mean():+.3f}")
