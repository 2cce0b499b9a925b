"""What the suites share: the addresses that run.mjs hands over, and short ways to read and write."""

import itertools
import json
import os
import re
import time
import unittest
import urllib.request
import uuid

import pyarrow as pa
import pyarrow.flight as flight

FLIGHT = os.environ["ECON_GRAPH_FLIGHT"]
HTTP = os.environ["ECON_GRAPH_HTTP"]
DATA = os.environ["ECON_GRAPH_DATA"]
LIMITED = os.environ["ECON_GRAPH_FLIGHT_LIMITED"]
LIMITED_HTTP = os.environ["ECON_GRAPH_HTTP_LIMITED"]

OFFICE = "10000000-0000-4000-8000-00000000000a"
BANK = "10000000-0000-4000-8000-00000000000b"

NAME = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("us", tz="UTC")
COLUMN_TYPES = {
    "series_id": NAME,
    "source_id": NAME,
    "external_id": NAME,
    "date": pa.date32(),
    "revision_date": pa.date32(),
    "value": pa.float64(),
    "value_exact": pa.string(),
    "decimal_value": pa.string(),
    "is_original_release": pa.bool_(),
    "created_at": INSTANT,
    "updated_at": INSTANT,
}
DEFAULT_COLUMNS = [
    "series_id",
    "date",
    "revision_date",
    "value",
    "value_exact",
    "is_original_release",
]

_numbers = itertools.count(1)


def path(*parts):
    return flight.FlightDescriptor.for_path(*parts)


def command(type="data_points", **fields):
    return json.dumps({"type": type, **fields}).encode()


def post(query, variables=None, url=HTTP):
    """Sends an operation to GraphQL and returns its data."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(
        f"{url}/graphql", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    if answer.get("errors"):
        raise AssertionError(answer["errors"][0])
    return answer["data"]


def new_series(prefix="WRITTEN", url=HTTP, **fields):
    """Creates a series of its own for a test. Returns its id and its external id."""
    given = {
        "id": str(uuid.uuid4()),
        "sourceId": OFFICE,
        "externalId": f"{prefix}_{next(_numbers)}",
        "title": "Written by a test",
        "frequency": "daily",
        **fields,
    }
    post(
        "mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id } }",
        {"input": given},
        url,
    )
    return given["id"], given["externalId"]


def open_streams(url=HTTP):
    with urllib.request.urlopen(f"{url}/metrics") as response:
        text = response.read().decode()
    gauge = re.search(r"^flight_streams(?:\{[^}]*\})? (\d+)", text, re.MULTILINE)
    return int(gauge[1])


class FlightTest(unittest.TestCase):
    """A test with a client of its own."""

    address = FLIGHT
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.client = flight.connect(cls.address)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def read(self, type="data_points", **fields):
        """What a command, sent as the ticket, answers."""
        return self.client.do_get(flight.Ticket(command(type, **fields))).read_all()

    def fetch(self, descriptor):
        """What a descriptor answers by way of its endpoints."""
        info = self.client.get_flight_info(descriptor)
        parts = [self.client.do_get(end.ticket).read_all() for end in info.endpoints]
        return pa.concat_tables(parts)

    def values(self, **fields):
        """Values by date, as texts for short."""
        table = self.read(**fields)
        dates = [str(date) for date in table["date"].to_pylist()]
        return dict(zip(dates, table["value"].to_pylist(), strict=True))

    def put(self, target, batches, options=None, write_options=None, results=None):
        """Writes a table or batches, and returns the results. `results` keeps what came before a failure."""
        results = [] if results is None else results
        descriptor = target if isinstance(target, flight.FlightDescriptor) else path(*target)
        if isinstance(batches, pa.Table):
            schema, batches = batches.schema, batches.to_batches()
        else:
            schema = batches[0].schema
        call = flight.FlightCallOptions(write_options=write_options, timeout=60)
        writer, reader = self.client.do_put(descriptor, schema, call)
        try:
            if options is not None:
                writer.write_metadata(json.dumps(options).encode())
            for batch in batches:
                writer.write_batch(batch)
            writer.done_writing()
        except (pa.ArrowException, OSError):
            # The service refused before everything was sent: why is what closing tells.
            pass
        while (metadata := reader.read()) is not None:
            results.append(json.loads(metadata.to_pybytes()))
        writer.close()
        return results

    def refused(self, exception, target, batches, options=None, write_options=None):
        """Writes what must be refused as a whole, and returns the error of the last result.

        Where the refusal overtakes a batch that is still to be sent, this client throws away the results that
        nobody has read: then it is asked again.
        """
        for _ in range(10):
            results = []
            with self.assertRaises(exception) as caught:
                self.put(target, batches, options, write_options, results)
            if results and "error" in results[-1]:
                error = results[-1]["error"]
                self.assertIn(error["message"][:40], str(caught.exception))
                return error
        self.fail("no result tells the error")

    def assert_no_stream_is_open(self, url=HTTP):
        """The gauge falls to zero within a second."""
        until = time.monotonic() + 1
        while open_streams(url) > 0:
            if time.monotonic() > until:
                self.fail(f"{open_streams(url)} streams are still open")
            time.sleep(0.02)
