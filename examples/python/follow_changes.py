"""Following changes with a cursor: run it again, and it tells what is new since.

    python follow_changes.py [grpc://localhost:8815 [cursor file]]
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pyarrow.flight as flight

ADDRESS = os.environ.get("ECON_GRAPH_FLIGHT", "grpc://localhost:8815")
address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
file = Path(sys.argv[2]) if len(sys.argv) > 2 else None

command = {"type": "changes"}
if file and file.exists():
    command["since"] = file.read_text()

kinds = Counter()
with flight.connect(address) as client:
    for chunk in client.do_get(flight.Ticket(json.dumps(command))):
        # Apply the rows first: the cursor is a promise that they need not come again.
        kinds.update(chunk.data["kind"].to_pylist())
        command["since"] = json.loads(chunk.app_metadata.to_pybytes())["cursor"]
        if file:
            file.write_text(command["since"])

    print("Changes:", dict(kinds) or "none")
    again = client.do_get(flight.Ticket(json.dumps(command))).read_all()
    print("And since then:", again.num_rows)
