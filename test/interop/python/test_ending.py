"""How calls end before their time: cancelled, too late, refused, too large."""

import threading
import time

import pyarrow as pa
import pyarrow.flight as flight
from support import (
    HTTP,
    LIMITED,
    LIMITED_HTTP,
    OFFICE,
    FlightTest,
    command,
    new_series,
    open_streams,
    path,
    post,
)


def long_table(rows):
    days = pa.array(range(rows), pa.int32()).cast(pa.date32())
    return pa.table({"date": days, "value": pa.array(range(rows), pa.int64()).cast(pa.float64())})


class CancellationTest(FlightTest):
    """Of streams that are larger than what waits in buffers on their way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.id, _ = new_series("CANCELLED")
        cls.put(cls(), ["data_points", cls.id], long_table(1_000_000))
        columns = ["date", "revision_date", "value", "decimal_value", "created_at"]
        cls.ticket = flight.Ticket(command(series=[cls.id], columns=columns))

    def test_cancelling_a_read_ends_the_stream(self):
        reader = self.client.do_get(self.ticket)
        reader.read_chunk()
        self.assertGreater(open_streams(), 0)
        reader.cancel()
        with self.assertRaises(flight.FlightCancelledError):
            while True:
                reader.read_chunk()
        self.assert_no_stream_is_open()

    def test_a_reader_that_is_dropped_ends_the_stream(self):
        client = flight.connect(self.address)
        reader = client.do_get(self.ticket)
        reader.read_chunk()
        reader.cancel()
        del reader
        client.close()
        self.assert_no_stream_is_open()

    def test_cancelling_a_write_stores_nothing(self):
        id, _ = new_series("CANCELLED_WRITE")
        client = flight.connect(self.address)
        [batch] = long_table(1000).to_batches()
        options = flight.FlightCallOptions(timeout=0.5)
        writer, reader = client.do_put(path("data_points", id), batch.schema, options)
        writer.write_batch(batch)
        reader.read()
        time.sleep(0.6)
        with self.assertRaises(flight.FlightTimedOutError):
            writer.close()
        client.close()
        self.assert_no_stream_is_open()
        self.assertEqual(self.read(series=[id]).num_rows, 0)

    def test_a_deadline_ends_a_read(self):
        options = flight.FlightCallOptions(timeout=0.3)
        reader = self.client.do_get(self.ticket, options)
        reader.read_chunk()
        time.sleep(0.4)
        with self.assertRaises(flight.FlightTimedOutError):
            while True:
                reader.read_chunk()
        self.assert_no_stream_is_open()

    def test_a_deadline_ends_calls_in_time(self):
        """Each has to read what is large, which no machine does in so little time."""
        options = flight.FlightCallOptions(timeout=0.001)
        for name, call in [
            ("get", lambda: self.client.do_get(self.ticket, options).read_all()),
            ("action", lambda: list(self.client.do_action(flight.Action("verify", b""), options))),
        ]:
            with self.subTest(name), self.assertRaises(flight.FlightTimedOutError):
                call()
        self.assert_no_stream_is_open()

    def test_a_stop_from_another_thread_ends_a_read(self):
        reader = self.client.do_get(self.ticket)
        timer = threading.Timer(0.1, reader.cancel)
        timer.start()
        with self.assertRaises(flight.FlightCancelledError):
            while True:
                reader.read_chunk()
                time.sleep(0.02)
        timer.join()
        self.assert_no_stream_is_open()


class ErrorsTest(FlightTest):
    def test_errors_are_the_clients_own(self):
        for exception, call in [
            (pa.ArrowInvalid, lambda: self.read(series=["GDP_GROWTH"], limit=0)),
            (pa.ArrowKeyError, lambda: self.read(series=["NOWHERE"])),
            (pa.ArrowInvalid, lambda: self.client.get_schema(path("prices"))),
        ]:
            with self.assertRaises(exception):
                call()

    def test_messages_hold_no_stack_and_no_path(self):
        for name in ["NOWHERE", "../../etc/passwd", "x" * 5000]:
            with self.assertRaises(pa.ArrowKeyError) as caught:
                self.read(series=[name])
            text = str(caught.exception)
            self.assertNotIn("node_modules", text)
            self.assertNotIn(".js:", text)
            self.assertLess(len(text), 4000)

    def test_do_exchange_is_not_implemented(self):
        with self.assertRaises(pa.ArrowNotImplementedError):
            _, reader = self.client.do_exchange(path("data_points"))
            reader.read_chunk()

    def test_the_connection_works_after_all_of_that(self):
        self.assertEqual(self.read(series=["GDP_GROWTH"]).num_rows, 4)


class LimitsTest(FlightTest):
    """Against a service with small limits."""

    address = LIMITED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = {"id": OFFICE, "name": "Statistics Office"}
        post(
            "mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }",
            {"input": source},
            LIMITED_HTTP,
        )

    def series(self):
        return new_series("LIMITED", url=LIMITED_HTTP)[0]

    def test_a_message_at_the_limit_is_taken_and_a_larger_one_refused(self):
        id = self.series()
        [small] = long_table(60_000).to_batches()
        self.assertEqual(self.put(["data_points", id], [small])[-1]["added"], 60_000)
        [large] = long_table(100_000).to_batches()
        with self.assertRaisesRegex(pa.ArrowInvalid, "resource exhausted"):
            self.put(["data_points", id], [large])
        self.assertEqual(self.read(series=[id]).num_rows, 60_000)

    def test_a_stream_that_holds_too_much_is_refused(self):
        id = self.series()
        batches = long_table(1_000_000).to_batches(max_chunksize=50_000)
        with self.assertRaisesRegex(pa.ArrowInvalid, "resource exhausted"):
            self.put(["data_points", id], batches)
        self.assertEqual(self.read(series=[id]).num_rows, 0)
        results = self.put(["data_points", id], batches, {"atomic": "batch"})
        self.assertEqual(results[-1]["added"], 1_000_000)

    def test_too_many_streams_are_refused_until_one_ends(self):
        id = self.series()
        [batch] = long_table(10).to_batches()
        writers = []
        for _ in range(4):
            writer, reader = self.client.do_put(path("data_points", id), batch.schema)
            writer.write_batch(batch)
            reader.read()
            writers.append(writer)
        with self.assertRaisesRegex(pa.ArrowInvalid, "resource exhausted.*Too many streams"):
            self.read(series=[id])
        for writer in writers:
            writer.close()
        self.assertEqual(self.read(series=[id]).num_rows, 10)

    def test_a_client_that_stands_still_is_let_go(self):
        id = self.series()
        [batch] = long_table(10).to_batches()
        # Well beyond the limit: where nobody lets go of the client, the test fails and does not hang.
        options = flight.FlightCallOptions(timeout=8)
        writer, reader = self.client.do_put(path("data_points", id), batch.schema, options)
        writer.write_batch(batch)
        reader.read()
        started = time.monotonic()
        while reader.read() is not None:
            pass
        self.assertLess(time.monotonic() - started, 5)
        with self.assertRaises(flight.FlightTimedOutError):
            writer.close()
        self.assertEqual(self.read(series=[id]).num_rows, 0)

    def test_nothing_is_left_open(self):
        self.assert_no_stream_is_open(LIMITED_HTTP)
        self.assert_no_stream_is_open(HTTP)
