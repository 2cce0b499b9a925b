"""The change feed: everything once, then what is new, from any batch's cursor."""

import json

import pyarrow as pa
import pyarrow.flight as flight
from support import INSTANT, FlightTest, command, new_series, path, post

WRITE = """mutation ($inputs: [CreateDataPointInput!]!) {
  createDataPoints(inputs: $inputs) { addedCount }
}"""
DELETE = "mutation ($id: UUID!) { deleteDataPoints(seriesId: $id) }"


class ChangesTest(FlightTest):
    def follow(self, **fields):
        """The changes, and the cursor of every batch."""
        reader = self.client.do_get(flight.Ticket(command("changes", **fields)))
        batches, cursors = [], []
        for chunk in reader:
            batches.append(chunk.data)
            cursors.append(json.loads(chunk.app_metadata.to_pybytes())["cursor"])
        return pa.Table.from_batches(batches, reader.schema), cursors

    def write(self, id, value, date="2024-01-01", revision_date="2024-01-02"):
        point = {"seriesId": id, "date": date, "revisionDate": revision_date, "value": value}
        post(WRITE, {"inputs": [point]})

    def test_without_a_cursor_it_tells_everything(self):
        table, cursors = self.follow()
        self.assertEqual(
            table.schema,
            pa.schema(
                [
                    ("kind", pa.string()),
                    ("series_id", pa.string()),
                    ("date", pa.date32()),
                    ("revision_date", pa.date32()),
                    ("value", pa.float64()),
                    ("decimal_value", pa.string()),
                    ("is_original_release", pa.bool_()),
                    ("committed_at", INSTANT),
                ]
            ),
        )
        keys = ["series_id", "date", "revision_date"]
        told = table.select([*keys, "value"]).sort_by([(key, "ascending") for key in keys])
        stored = self.read("vintages", columns=[*keys, "value"])
        self.assertEqual(told, stored.cast(told.schema).sort_by([(k, "ascending") for k in keys]))
        self.assertEqual(self.fetch(path("changes")).num_rows, table.num_rows)

    def test_from_a_cursor_it_tells_what_is_new(self):
        id, _ = new_series("FEED")
        other, _ = new_series("FEED_OTHER")
        _, cursors = self.follow(seriesIds=[id])
        kinds = []
        for step in [
            lambda: self.write(id, "1"),
            lambda: self.write(id, "2", revision_date="2024-01-03"),
            lambda: self.write(id, None, revision_date="2024-01-04"),
            lambda: self.write(other, "1"),
            lambda: post(DELETE, {"id": id}),
        ]:
            step()
            table, cursors = self.follow(seriesIds=[id], since=cursors[-1])
            kinds.append(sorted(set(table["kind"].to_pylist())))
        self.assertEqual(kinds[:4], [["ADDED"], ["REVISED"], ["WITHDRAWN"], []])
        self.assertIn(kinds[4], [["DELETED"], ["SERIES_DELETED"]])

    def test_a_reader_who_was_cut_off_resumes_from_any_batch(self):
        id, _ = new_series("FEED_LONG")
        days = pa.array(range(25_000), pa.int32()).cast(pa.date32())
        table = pa.table({"date": days, "value": pa.array(range(25_000), pa.int32())})
        results = self.put(["data_points", id], table)
        self.assertEqual(results[-1]["added"], 25_000)
        whole, cursors = self.follow(seriesIds=[id])
        self.assertEqual(whole.num_rows, 25_000)
        self.assertGreaterEqual(len(cursors), 3)

        reader = self.client.do_get(flight.Ticket(command("changes", seriesIds=[id])))
        first = reader.read_chunk()
        cursor = json.loads(first.app_metadata.to_pybytes())["cursor"]
        reader.cancel()
        rest, _ = self.follow(seriesIds=[id], since=cursor)
        head = pa.Table.from_batches([first.data])
        self.assertEqual(pa.concat_tables([head, rest]).combine_chunks(), whole.combine_chunks())

    def test_the_last_cursor_leads_to_an_empty_batch_that_has_one(self):
        id, _ = new_series("FEED_QUIET")
        _, cursors = self.follow(seriesIds=[id])
        table, later = self.follow(seriesIds=[id], since=cursors[-1])
        self.assertEqual(table.num_rows, 0)
        self.assertEqual(len(later), 1)

    def test_a_cursor_may_be_in_the_path(self):
        _, cursors = self.follow()
        id, _ = new_series("FEED_PATH")
        self.write(id, "1")
        table = self.fetch(path("changes", cursors[-1]))
        self.assertEqual(table["series_id"].to_pylist(), [id])

    def test_cursors_that_are_none_are_refused(self):
        with self.assertRaises(pa.ArrowInvalid):
            self.follow(since="yesterday")
        id, _ = new_series("FEED_SCOPE")
        _, cursors = self.follow(seriesIds=[id])
        with self.assertRaises(pa.ArrowInvalid):
            self.follow(since=cursors[-1])
        with self.assertRaises(pa.ArrowInvalid):
            self.follow(seriesIds=["FEED"])
