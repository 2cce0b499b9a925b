"""One store, three doors: the same rows over Flight, over GraphQL and in the Parquet files."""

import glob
import os

import duckdb
import pyarrow.flight as flight
from support import DATA, FlightTest, post

SELECTIONS = [
    {},
    {"asOf": "2024-06-30"},
    {"revisions": "ALL"},
    {"revisions": "ORIGINAL", "startDate": "2012-03-01", "endDate": "2015-02-01"},
    {"revisions": "NTH_RELEASE", "release": 2},
    {"revisions": "FIXED_LAG", "lagDays": 4000},
    {"units": "pc1"},
    {"units": "chg", "asOf": "2024-06-30"},
    {"frequency": "annual", "aggregation": "sum"},
    {"limit": 5},
]


class AgreementTest(FlightTest):
    def test_graphql_and_flight_answer_the_same(self):
        names = ["date", "revision_date", "decimal_value", "is_original_release"]
        for name in ["GDP_GROWTH", "PANEL_07", "EXACT", "EMPTY"]:
            for selection in SELECTIONS:
                if name == "GDP_GROWTH" and selection.get("frequency"):
                    selection = {**selection, "frequency": "semiannual"}
                with self.subTest(name, **selection):
                    table = self.read(series=[name], columns=names, **selection)
                    over_flight = [
                        (str(date), str(revision_date), value, is_original)
                        for date, revision_date, value, is_original in zip(
                            *[table[column].to_pylist() for column in names], strict=True
                        )
                    ]
                    self.assertEqual(over_flight, self.over_graphql(name, selection))

    def over_graphql(self, name, selection):
        given = ", ".join(
            f"{key}: {self.literal(key, value)}" for key, value in selection.items()
        )
        arguments = f"({given})" if given else ""
        query = """query ($name: String!) {
          findSeriesByExternalId(externalId: $name) {
            dataPoints%s { date revisionDate value isOriginalRelease }
          }
        }""" % arguments
        series = post(query, {"name": name})["findSeriesByExternalId"]
        return [
            (point["date"], point["revisionDate"], point["value"], point["isOriginalRelease"])
            for point in series["dataPoints"]
        ]

    @staticmethod
    def literal(key, value):
        is_text = key in {"asOf", "startDate", "endDate", "frequency"}
        return f'"{value}"' if is_text else value

    def test_the_parquet_files_hold_the_same_rows(self):
        list(self.client.do_action(flight.Action("flush", b"")))
        names = ["series_id", "date", "revision_date", "value", "value_exact", "is_original_release"]
        filter = {"externalIdPrefix": "PANEL_"}
        table = self.read("vintages", filter=filter, columns=names)
        rows = [tuple(row.values()) for row in table.to_pylist()]
        ids = sorted({row[0] for row in rows})
        files = [file for id in ids for file in glob.glob(os.path.join(DATA, f"data_points_*{id}*"))]
        self.assertEqual(len(files), 24)
        stored = duckdb.connect().execute(
            "SELECT series_id::VARCHAR, date, revision_date, value, value_exact, is_original_release"
            " FROM read_parquet($1) ORDER BY ALL",
            [files],
        )
        self.assertEqual(stored.fetchall(), rows)
