"""A large panel: over a million rows in, and out again in parts that are fetched side by side."""

import concurrent.futures

import numpy
import polars
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.flight as flight
from support import DEFAULT_COLUMNS, FlightTest, command, new_series, path

SERIES = 110
DAYS = 10_000
PANEL = {"filter": {"externalIdPrefix": "LARGE_"}}
KEYS = [("series_id", "ascending"), ("date", "ascending")]


class LargePanelTest(FlightTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ids = sorted(new_series("LARGE")[0] for _ in range(SERIES))
        random = numpy.random.default_rng(20261123)
        values = random.standard_normal(SERIES * DAYS)
        missing = random.random(SERIES * DAYS) < 0.01
        dates = numpy.tile(numpy.arange(DAYS, dtype="int32"), SERIES)
        indices = numpy.repeat(numpy.arange(SERIES, dtype="int32"), DAYS)
        cls.sent = pa.table(
            {
                "series_id": pa.DictionaryArray.from_arrays(indices, pa.array(ids)),
                "date": pa.array(dates).cast(pa.date32()),
                "revision_date": pa.repeat(pa.scalar(19_800, pa.int32()), len(dates)).cast(pa.date32()),
                "value": pa.array(values, mask=missing),
            }
        )
        batches = cls.sent.to_batches(max_chunksize=100_000)
        cls.results = cls.put(cls(), ["data_points"], batches)

    @classmethod
    def tearDownClass(cls):
        del cls.sent
        super().tearDownClass()

    def test_every_batch_was_answered_and_the_whole_stored_at_once(self):
        self.assertEqual(
            self.results[:-1],
            [{"batch": at, "rows": 100_000, "stored": False} for at in range(11)],
        )
        rows = SERIES * DAYS
        self.assertEqual(
            self.results[-1],
            {"rows": rows, "stored": True, "added": rows, "revised": 0, "unchanged": 0},
        )

    def test_the_parts_are_fetched_side_by_side_and_put_together_in_order(self):
        info = self.client.get_flight_info(flight.FlightDescriptor.for_command(command(**PANEL)))
        self.assertGreaterEqual(len(info.endpoints), 2)
        self.assertTrue(info.ordered)

        def fetch(end):
            with flight.connect(self.address) as client:
                return client.do_get(end.ticket).read_all()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(fetch, info.endpoints))
        panel = pa.concat_tables(parts)
        self.assertEqual(panel.schema, info.schema)
        self.check(panel)

    def test_the_command_as_ticket_answers_all_of_it_in_one_stream(self):
        self.check(self.read(**PANEL))

    def test_the_size_of_every_revision_is_known(self):
        every = command("vintages", **PANEL)
        info = self.client.get_flight_info(flight.FlightDescriptor.for_command(every))
        self.assertEqual(info.total_records, SERIES * DAYS)

    def test_sent_back_by_polars_nothing_changes(self):
        table = self.read(series=["LARGE_%d" % n for n in self.numbers()[:20]])
        frame = polars.from_arrow(table).with_columns(polars.col("series_id").cast(polars.String))
        results = self.put(["data_points"], frame.to_arrow())
        self.assertEqual(results[-1]["unchanged"], 20 * DAYS)
        self.assertEqual(results[-1]["added"], 0)

    def numbers(self):
        names = self.read("series", **PANEL)["external_id"].to_pylist()
        return [int(name.removeprefix("LARGE_")) for name in names]

    def check(self, panel):
        """Holds a panel against what was sent: series by id, dates ascending."""
        self.assertEqual(panel.column_names, DEFAULT_COLUMNS)
        self.assertEqual(panel.num_rows, SERIES * DAYS)
        for name in ["date", "revision_date", "value"]:
            self.assertTrue(
                compute.all(compute.equal(panel[name], self.sent[name]), skip_nulls=True).as_py()
            )
            self.assertEqual(panel[name].null_count, self.sent[name].null_count)
            self.assertEqual(panel[name].is_null(), self.sent[name].is_null())
        ids = [table["series_id"].cast(pa.string()) for table in (panel, self.sent)]
        self.assertEqual(*ids)
        self.assertEqual(panel["value_exact"].null_count, panel.num_rows)
        self.assertTrue(compute.all(panel["is_original_release"]).as_py())


class OneSeriesTest(FlightTest):
    def test_more_than_a_message_of_one_series_comes_in_order(self):
        id, _ = new_series("LONG")
        days = pa.array(range(300_000), pa.int32()).cast(pa.date32())
        values = pa.array(numpy.arange(300_000) / 8)
        self.put(["data_points", id], pa.table({"date": days, "value": values}))
        reader = self.client.do_get(flight.Ticket(command(series=[id], columns=["date", "value"])))
        batches = [chunk.data for chunk in reader]
        self.assertGreater(len(batches), 1)
        table = pa.Table.from_batches(batches)
        self.assertEqual(table["date"].combine_chunks(), pa.chunked_array([days]).combine_chunks())
        self.assertEqual(table["value"].combine_chunks(), values)
        info = self.client.get_flight_info(path("data_points", id))
        self.assertEqual(info.total_records, 300_000)
