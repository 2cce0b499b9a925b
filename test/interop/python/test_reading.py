"""Reading points and series: types, values, selections, layouts, and what other libraries make of them."""

import datetime
import decimal

import duckdb
import pandas
import polars
import pyarrow as pa
from support import (
    COLUMN_TYPES,
    DEFAULT_COLUMNS,
    INSTANT,
    OFFICE,
    FlightTest,
    new_series,
    path,
    post,
)

GDP = {"series": ["GDP_GROWTH"]}


def day(text):
    return datetime.date.fromisoformat(text)


class ColumnsTest(FlightTest):
    def test_columns_come_in_the_order_that_is_asked_for(self):
        for names in [list(COLUMN_TYPES), list(COLUMN_TYPES)[::-1], ["value"], ["date", "external_id"]]:
            with self.subTest(names):
                table = self.read(series=["PANEL_01", "EXACT"], columns=names)
                self.assertEqual(table.schema, pa.schema([(n, COLUMN_TYPES[n]) for n in names]))
                self.assertEqual(table.num_rows, 125)
                table.validate(full=True)

    def test_the_same_column_is_the_same_in_any_company(self):
        everything = self.read(series=["PANEL_01", "EXACT"], columns=list(COLUMN_TYPES))
        for name in COLUMN_TYPES:
            alone = self.read(series=["PANEL_01", "EXACT"], columns=[name])
            self.assertEqual(alone[name], everything[name])

    def test_columns_that_there_are_not_or_twice_are_refused(self):
        for names in [["price"], ["value", "value"], [], "value"]:
            with self.subTest(names), self.assertRaisesRegex(pa.ArrowInvalid, "columns"):
                self.read(columns=names)

    def test_names_are_dictionaries_of_the_series(self):
        names = ["series_id", "source_id", "external_id"]
        table = self.read(series=["PANEL_01", "PANEL_00"], columns=names)
        column = table["external_id"].combine_chunks()
        self.assertEqual(column.dictionary.to_pylist(), ["PANEL_01", "PANEL_00"])
        self.assertEqual(column.indices.to_pylist(), [0] * 120 + [1] * 120)
        self.assertEqual(set(table["source_id"].to_pylist()), {OFFICE})


class ValuesTest(FlightTest):
    def test_exact_numbers_come_with_all_their_digits(self):
        table = self.read(series=["EXACT"], columns=["value", "value_exact", "decimal_value"])
        digits = "1234567890.123456789012345678"
        self.assertEqual(table["value"].to_pylist(), [0.1, 2.0**53, float(digits), None, -0.5])
        self.assertEqual(
            table["value_exact"].to_pylist(), [None, "9007199254740993", digits, None, None]
        )
        self.assertEqual(
            table["decimal_value"].to_pylist(), ["0.1", "9007199254740993", digits, None, "-0.5"]
        )

    def test_decimals_can_be_computed_with_exactly(self):
        table = self.read(series=["EXACT"], columns=["decimal_value"])
        column = table["decimal_value"].cast(pa.decimal128(38, 18))
        self.assertEqual(column[1].as_py(), decimal.Decimal("9007199254740993"))
        self.assertEqual(column[2].as_py(), decimal.Decimal("1234567890.123456789012345678"))

    def test_missing_values_are_nulls(self):
        table = self.read(series=["PANEL_05"])
        self.assertEqual(table["value"].null_count, 12)
        values = table["value"].to_pylist()
        self.assertTrue(all(values[at] is None for at in range(9, 120, 10)))
        self.assertEqual(values[1], 105.125)

    def test_dates_are_days(self):
        table = self.read(series=["PANEL_05"])
        self.assertEqual(table["date"][0].as_py(), day("2010-01-01"))
        self.assertEqual(table["date"][-1].as_py(), day("2019-12-01"))
        self.assertEqual(table["revision_date"][0].as_py(), day("2024-07-01"))

    def test_an_empty_answer_has_its_schema(self):
        schema = pa.schema([(name, COLUMN_TYPES[name]) for name in DEFAULT_COLUMNS])
        for fields in [
            {"series": ["EMPTY"]},
            {"series": []},
            {"filter": {"externalIdPrefix": "NOTHING_BEGINS_SO"}},
            {"series": ["PANEL_00"], "startDate": "2050-01-01"},
            {"series": ["PANEL_00"], "asOf": "2000-01-01"},
        ]:
            with self.subTest(fields):
                table = self.read(**fields)
                self.assertEqual(table.schema, schema)
                self.assertEqual(table.num_rows, 0)
                self.assertEqual(table.to_pandas().shape, (0, 6))
        info = self.client.get_flight_info(path("data_points", "EMPTY"))
        self.assertEqual((info.total_records, len(info.endpoints)), (0, 1))

    def test_what_graphql_wrote_is_there_at_once(self):
        id, name = new_series("SEEN")
        for value in ["1.5", "2.5"]:
            post(
                """mutation ($inputs: [CreateDataPointInput!]!) {
                  createDataPoints(inputs: $inputs) { addedCount }
                }""",
                {
                    "inputs": [
                        {
                            "seriesId": id,
                            "date": "2024-01-01",
                            "revisionDate": "2024-01-02",
                            "value": value,
                        }
                    ]
                },
            )
            self.assertEqual(self.values(series=[name]), {"2024-01-01": float(value)})


class SelectionTest(FlightTest):
    """The answers are those of docs/point-in-time.md."""

    def test_the_latest_values(self):
        latest = {"2023-07-01": 4.4, "2023-10-01": 3.2, "2024-01-01": 1.6, "2024-04-01": 3.0}
        self.assertEqual(self.values(**GDP), latest)
        self.assertEqual(self.values(**GDP, revisions="LATEST"), latest)

    def test_what_was_known_on_a_day(self):
        known = {"2023-07-01": 4.9, "2023-10-01": 3.4, "2024-01-01": 1.6}
        self.assertEqual(self.values(**GDP, asOf="2024-05-01"), known)
        self.assertEqual(self.values(**GDP, asOf="2024-03-27"), {})

    def test_first_and_later_releases(self):
        self.assertEqual(
            self.values(**GDP, revisions="ORIGINAL", startDate="2024-01-01"),
            {"2024-01-01": 1.6, "2024-04-01": 3.0},
        )
        self.assertEqual(
            self.values(**GDP, revisions="NTH_RELEASE", release=2),
            {"2023-07-01": 4.4, "2023-10-01": 3.2, "2024-01-01": 1.3},
        )
        self.assertEqual(
            self.values(**GDP, revisions="FIXED_LAG", lagDays=180),
            {"2023-10-01": 3.4, "2024-01-01": 1.4, "2024-04-01": 3.0},
        )

    def test_every_revision(self):
        table = self.fetch(path("vintages", "GDP_GROWTH"))
        self.assertEqual(table.num_rows, 9)
        january = table.filter(pa.compute.equal(table["date"], day("2024-01-01")))
        self.assertEqual(january["value"].to_pylist(), [1.6, 1.3, 1.4, 1.6])
        self.assertEqual(january["is_original_release"].to_pylist(), [True, False, False, False])

    def test_transformed_values(self):
        self.assertEqual(
            self.values(**GDP, units="chg", asOf="2024-08-31"),
            {"2023-07-01": None, "2023-10-01": -1.5, "2024-01-01": -2.0},
        )
        self.assertEqual(
            self.values(**GDP, frequency="semiannual", aggregation="avg"),
            {"2023-07-01": 3.8, "2024-01-01": 2.3},
        )

    def test_ranges_include_both_ends(self):
        self.assertEqual(
            self.values(**GDP, startDate="2023-10-01", endDate="2024-01-01"),
            {"2023-10-01": 3.2, "2024-01-01": 1.6},
        )

    def test_a_limit_is_of_each_series(self):
        table = self.read(series=["PANEL_00", "PANEL_01"], limit=3)
        self.assertEqual(table.num_rows, 6)
        self.assertEqual(table["date"].to_pylist()[:3], table["date"].to_pylist()[3:])

    def test_series_come_in_the_order_of_their_names_or_ids(self):
        table = self.read(series=["PANEL_02", "GDP_GROWTH", "PANEL_01"], limit=1, columns=["external_id"])
        self.assertEqual(table["external_id"].to_pylist(), ["PANEL_02", "GDP_GROWTH", "PANEL_01"])
        ids = self.read(columns=["series_id"], limit=1)["series_id"].to_pylist()
        self.assertEqual(ids, sorted(ids))

    def test_selections_that_make_no_sense_are_refused(self):
        for fields in [
            {"revisions": "NEWEST"},
            {"revisions": "NTH_RELEASE"},
            {"revisions": "FIXED_LAG", "lagDays": -1},
            {"startDate": "2024-02-30"},
            {"startDate": 20240101},
            {"asOf": "2999-01-01"},
            {"units": "percent"},
            {"limit": 0},
            {"layout": "square"},
            {"layout": "wide", "columns": ["value"]},
            {"layout": "wide", "revisions": "ALL"},
        ]:
            with self.subTest(fields), self.assertRaises(pa.ArrowInvalid):
                self.read(**GDP, **fields)


class LayoutTest(FlightTest):
    def test_a_wide_table_is_a_data_frame(self):
        table = self.read(series=["PANEL_01", "GDP_GROWTH", "PANEL_00"], layout="wide")
        names = ["date", "PANEL_01", "GDP_GROWTH", "PANEL_00"]
        types = [pa.date32(), pa.float64(), pa.float64(), pa.float64()]
        self.assertEqual(table.schema, pa.schema(list(zip(names, types))))
        frame = table.to_pandas(date_as_object=False).set_index("date")
        self.assertEqual(frame.shape, (124, 3))
        self.assertTrue(frame.index.is_monotonic_increasing)
        self.assertEqual(frame.loc["2010-02-01", "PANEL_01"], 101.125)
        self.assertEqual(frame.loc["2024-04-01", "GDP_GROWTH"], 3.0)
        self.assertTrue(pandas.isna(frame.loc["2024-04-01", "PANEL_00"]))

    def test_a_wide_table_has_the_values_of_the_long_one(self):
        panel = {"filter": {"externalIdPrefix": "PANEL_"}}
        wide = self.read(**panel, layout="wide").to_pandas().set_index("date")
        long = self.read(**panel, columns=["external_id", "date", "value"]).to_pandas()
        pivoted = long.pivot(index="date", columns="external_id", values="value")
        pivoted.columns = list(pivoted.columns)
        pandas.testing.assert_frame_equal(wide, pivoted[wide.columns])

    def test_names_that_two_series_have_come_with_the_source(self):
        table = self.read(series=[f"{OFFICE}/SHARED", "20000000-0000-4000-8000-000000000004"], layout="wide")
        self.assertEqual(table.num_columns, 3)
        self.assertEqual(table.column_names[1], f"{OFFICE}/SHARED")
        self.assertEqual(table.num_rows, 1)


class LibrariesTest(FlightTest):
    def test_pandas_has_categories(self):
        frame = self.read(
            series=["PANEL_00", "PANEL_01"], columns=["external_id", "date", "value"]
        ).to_pandas()
        self.assertEqual(str(frame["external_id"].dtype), "category")
        self.assertEqual(list(frame["external_id"].cat.categories), ["PANEL_00", "PANEL_01"])
        means = frame.groupby("external_id", observed=True)["value"].mean()
        self.assertAlmostEqual(means["PANEL_01"] - means["PANEL_00"], 1 * 98 / 108, places=12)

    def test_polars_reads_the_table(self):
        table = self.read(filter={"externalIdPrefix": "PANEL_"}, columns=list(COLUMN_TYPES))
        frame = polars.from_arrow(table)
        self.assertEqual(frame.height, 24 * 120)
        self.assertEqual(frame["date"].dtype, polars.Date)
        self.assertEqual(frame["external_id"].cast(polars.String).to_list(), table["external_id"].to_pylist())
        self.assertEqual(frame["value"].to_list(), table["value"].to_pylist())
        self.assertEqual(frame["value"].null_count(), 24 * 12)

    def test_duckdb_asks_the_table(self):
        panel = self.read(
            filter={"externalIdPrefix": "PANEL_"}, columns=["external_id", "date", "value"]
        )
        connection = duckdb.connect()
        connection.register("panel", panel)
        rows = connection.sql(
            """SELECT external_id::VARCHAR AS name, count(*), count(value), max(date)
               FROM panel GROUP BY name ORDER BY name LIMIT 2"""
        ).fetchall()
        last = day("2019-12-01")
        self.assertEqual(rows, [("PANEL_00", 120, 108, last), ("PANEL_01", 120, 108, last)])


class SeriesTest(FlightTest):
    def test_the_catalogue_is_a_table(self):
        table = self.fetch(path("series"))
        self.assertEqual(
            table.schema,
            pa.schema(
                [
                    *[(name, pa.string()) for name in ["id", "source_id", "external_id", "title"]],
                    *[(name, pa.string()) for name in ["description", "units", "frequency"]],
                    ("seasonal_adjustment", pa.string()),
                    ("start_date", pa.date32()),
                    ("end_date", pa.date32()),
                    ("is_active", pa.bool_()),
                    ("created_at", INSTANT),
                    ("updated_at", INSTANT),
                    ("points", pa.int64()),
                    *[(name, pa.date32()) for name in ["first_date", "last_date"]],
                    ("last_revision_date", pa.date32()),
                ]
            ),
        )
        rows = {(row["source_id"], row["external_id"]): row for row in table.to_pylist()}
        gdp = rows[OFFICE, "GDP_GROWTH"]
        self.assertEqual((gdp["points"], gdp["units"], gdp["frequency"]), (9, "percent", "quarterly"))
        self.assertEqual(gdp["first_date"], day("2023-07-01"))
        self.assertEqual(gdp["last_date"], day("2024-04-01"))
        self.assertEqual(gdp["last_revision_date"], day("2024-09-26"))
        empty = rows[OFFICE, "EMPTY"]
        self.assertEqual((empty["points"], empty["first_date"], empty["is_active"]), (0, None, False))

    def test_a_filter_narrows_it(self):
        self.assertEqual(self.read("series", filter={"externalIdPrefix": "PANEL_1"}).num_rows, 10)
        sleeping = {"isActive": False, "externalIdPrefix": "E"}
        self.assertEqual(self.read("series", filter=sleeping)["external_id"].to_pylist(), ["EMPTY"])
        nobody = {"sourceId": "10000000-0000-4000-8000-0000000000ff"}
        self.assertEqual(self.read("series", filter=nobody).num_rows, 0)
