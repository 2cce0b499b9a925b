"""DoPut of series: created, updated, left alone."""

import datetime
import uuid

import pandas
import pyarrow as pa
from support import BANK, OFFICE, FlightTest, new_series, path


class SeriesPutTest(FlightTest):
    def row(self, name):
        [row] = self.read("series", filter={"externalIdPrefix": name}).to_pylist()
        return row

    def test_rows_that_are_not_there_are_created(self):
        table = pa.table(
            {
                "source_id": [OFFICE, BANK],
                "external_id": ["PUT_NEW", "PUT_NEW_TOO"],
                "title": ["New", "New, too"],
                "frequency": ["monthly", "Q"],
                "units": ["percent", None],
                "start_date": pa.array([datetime.date(2000, 1, 1), None]),
                "is_active": [True, False],
            }
        )
        last = self.put(["series"], table)[-1]
        self.assertEqual((last["rows"], last["stored"], last["added"]), (2, True, 2))
        rows = self.read("series", filter={"externalIdPrefix": "PUT_NEW"}).to_pylist()
        self.assertEqual({row["external_id"] for row in rows}, {"PUT_NEW", "PUT_NEW_TOO"})
        row = self.row("PUT_NEW_TOO")
        self.assertEqual(row["source_id"], BANK)
        self.assertEqual(row["frequency"], "quarterly")
        self.assertFalse(row["is_active"])
        self.assertIsNone(row["units"])

    def test_ids_that_are_given_are_kept(self):
        id = str(uuid.uuid4())
        table = pa.table(
            {
                "id": [id],
                "source_id": [OFFICE],
                "external_id": ["PUT_ID"],
                "title": ["x"],
                "frequency": ["daily"],
            }
        )
        self.put(["series"], table)
        self.assertEqual(self.row("PUT_ID")["id"], id)

    def test_columns_that_are_left_out_stay_as_they_are(self):
        id, name = new_series("PUT_UPDATE", units="percent", description="Before")
        self.put(["series"], pa.table({"id": [id], "title": ["By id"]}))
        row = self.row(name)
        self.assertEqual((row["title"], row["units"], row["description"]), ("By id", "percent", "Before"))
        by_name = pa.table({"source_id": [OFFICE], "external_id": [name], "title": ["By name"]})
        self.put(["series"], by_name)
        row = self.row(name)
        self.assertEqual((row["id"], row["title"], row["units"]), (id, "By name", "percent"))

    def test_the_catalogue_can_be_sent_back_and_changes_nothing(self):
        before = self.fetch(path("series"))
        last = self.put(["series"], before)[-1]
        self.assertEqual((last["rows"], last["added"]), (before.num_rows, 0))
        self.assertEqual(last["unchanged"], before.num_rows)
        self.assertEqual(self.fetch(path("series")), before)

    def test_a_data_frame_of_series(self):
        frame = pandas.DataFrame(
            {
                "source_id": [OFFICE] * 3,
                "external_id": ["PUT_FRAME_1", "PUT_FRAME_2", "PUT_FRAME_3"],
                "title": ["One", "Two", "Three"],
                "frequency": pandas.Categorical(["monthly", "monthly", "annual"]),
            }
        )
        self.put(["series"], pa.Table.from_pandas(frame, preserve_index=False))
        rows = self.read("series", filter={"externalIdPrefix": "PUT_FRAME_"}).to_pylist()
        self.assertEqual({row["title"]: row["frequency"] for row in rows}["Three"], "annual")

    def test_a_row_at_fault_is_named_and_nothing_is_created(self):
        table = pa.table(
            {
                "source_id": [OFFICE, OFFICE],
                "external_id": ["PUT_FAULT_1", "PUT_FAULT_2"],
                "title": ["Good", "Bad"],
                "frequency": ["monthly", "now and then"],
            }
        )
        error = self.refused(pa.ArrowInvalid, ["series"], table)
        self.assertEqual((error["code"], error["rows"]), ("VALIDATION_ERROR", [1]))
        self.assertEqual(self.read("series", filter={"externalIdPrefix": "PUT_FAULT"}).num_rows, 0)

    def test_columns_of_no_series_are_refused(self):
        for table in [
            pa.table({"title": ["x"]}),
            pa.table({"source_id": [OFFICE], "external_id": ["PUT_COLUMN"], "colour": ["red"]}),
        ]:
            with self.subTest(table.column_names), self.assertRaises(pa.ArrowInvalid):
                self.put(["series"], table)
