"""The load of the Flight benchmark: one client of pyarrow, which prints its figures as JSON.

Usage: client.py ADDRESS load SERIES ROWS [GROUPS] | get ROUNDS COMMAND | small THREADS SECONDS COMMAND
"""

import json
import statistics
import sys
import threading
import time

import numpy
import pyarrow
from pyarrow import flight

SOURCE = "00000000-0000-4000-8000-000000000001"
DAYS_BEFORE_1970 = 10_000
REVISION_DAY = 19_000

# Streams of large messages: pyarrow itself limits what it reads to 4 MB.
UNLIMITED = [("grpc.max_receive_message_length", -1)]


def connect(address):
    return flight.connect(address, generic_options=UNLIMITED)


def put(client, path, table, options=None, chunk=65_536):
    writer, results = client.do_put(flight.FlightDescriptor.for_path(*path), table.schema)
    if options:
        writer.write_metadata(json.dumps(options).encode())
    writer.write_table(table, chunk)
    writer.done_writing()
    while results.read() is not None:
        pass
    writer.close()


def series_of(names):
    return pyarrow.table(
        {
            "source_id": [SOURCE] * len(names),
            "external_id": names,
            "title": names,
            "frequency": ["daily"] * len(names),
        }
    )


def points_of(names, rows, seed):
    count = len(names) * rows
    places = numpy.repeat(numpy.arange(len(names), dtype=numpy.int32), rows)
    days = numpy.tile(numpy.arange(rows, dtype=numpy.int32) - DAYS_BEFORE_1970, len(names))
    values = numpy.random.default_rng(seed).normal(100, 10, count).round(2)
    revisions = numpy.full(count, REVISION_DAY, dtype=numpy.int32)
    return pyarrow.table(
        {
            "external_id": pyarrow.DictionaryArray.from_arrays(places, names),
            "date": pyarrow.array(days).cast(pyarrow.date32()),
            "revision_date": pyarrow.array(revisions).cast(pyarrow.date32()),
            "value": values,
            "is_original_release": numpy.ones(count, dtype=bool),
        }
    )


def load(client, series, rows, groups=1):
    """Points per second from the first byte to the durable result, of each group of series."""
    rates = []
    for group in range(groups):
        names = [f"G{group:03}_{index:05}" for index in range(series)]
        put(client, ["series"], series_of(names))
        table = points_of(names, rows, group)
        started = time.perf_counter()
        put(client, ["data_points"], table)
        rates.append(table.num_rows / (time.perf_counter() - started))
    return {"pointsPerSecond": statistics.median(rates)}


def get(client, rounds, command):
    """Medians over whole streams; `first` is the time until the first batch is there."""
    ticket = flight.Ticket(command.encode())
    figures = []
    for _ in range(rounds):
        started = time.perf_counter()
        reader = client.do_get(ticket)
        first, size, rows = None, 0, 0
        while True:
            try:
                batch = reader.read_chunk().data
            except StopIteration:
                break
            first = first or time.perf_counter() - started
            size += batch.nbytes
            rows += batch.num_rows
        seconds = time.perf_counter() - started
        figures.append((size / seconds / 1e9, rows / seconds / 1e6, first * 1000, rows))
    names = ("gigabytesPerSecond", "millionRowsPerSecond", "firstMilliseconds", "rows")
    return {name: statistics.median(values) for name, values in zip(names, zip(*figures))}


def small(address, threads, seconds, command):
    """Whole answers per second over several connections."""
    ticket = flight.Ticket(command.encode())
    counts = [0] * threads

    def run(thread, until):
        client = connect(address)
        while time.perf_counter() < until:
            client.do_get(ticket).read_all()
            counts[thread] += 1

    for measured in (seconds / 4, seconds):  # the first round warms up
        counts[:] = [0] * threads
        started = time.perf_counter()
        workers = [
            threading.Thread(target=run, args=(thread, started + measured))
            for thread in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return {"perSecond": sum(counts) / (time.perf_counter() - started)}


address, what, *arguments = sys.argv[1:]
if what == "load":
    figures = load(connect(address), *map(int, arguments))
elif what == "get":
    figures = get(connect(address), int(arguments[0]), arguments[1])
else:
    figures = small(address, int(arguments[0]), float(arguments[1]), arguments[2])
print(json.dumps(figures))
