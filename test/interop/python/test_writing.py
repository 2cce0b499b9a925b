"""DoPut of points: every type that a value or a date may have, options, results, refusals."""

import datetime
import decimal
import json

import pandas
import polars
import pyarrow as pa
import pyarrow.flight as flight
from support import BANK, COLUMN_TYPES, OFFICE, FlightTest, command, new_series, path, post

DAYS = [datetime.date(2024, 1, day) for day in (1, 2, 3)]


def points(values, dates=None, **columns):
    """A table of points of one series, as of one day."""
    dates = DAYS[: len(values)] if dates is None else dates
    return pa.table({"date": dates, "value": values, **columns})


class WritingTest(FlightTest):
    def stored(self, name, column="decimal_value", **fields):
        return self.read(series=[name], columns=[column], **fields)[column].to_pylist()

    def added(self, results, count):
        self.assertEqual(
            results[-1],
            {"rows": count, "stored": True, "added": count, "revised": 0, "unchanged": 0},
        )


class ValueTypesTest(WritingTest):
    def test_a_value_may_be_any_number(self):
        big = 9_007_199_254_740_993
        for array, texts in [
            (pa.array([1, None, -3], pa.int8()), ["1", None, "-3"]),
            (pa.array([1, None, 65_535], pa.uint16()), ["1", None, "65535"]),
            (pa.array([1, None, -3], pa.int32()), ["1", None, "-3"]),
            (pa.array([1, None, big], pa.int64()), ["1", None, str(big)]),
            (pa.array([1, None, 2**64 - 1], pa.uint64()), ["1", None, str(2**64 - 1)]),
            (pa.array([0.1, None, 1e10], pa.float32()), ["0.1", None, "10000000000"]),
            (pa.array([0.1, None, -0.5], pa.float64()), ["0.1", None, "-0.5"]),
            (pa.nulls(3), [None, None, None]),
        ]:
            with self.subTest(str(array.type)):
                id, _ = new_series()
                self.added(self.put(["data_points", id], points(array)), 3)
                self.assertEqual(self.stored(id), texts)

    def test_a_value_may_be_any_decimal_or_text(self):
        texts = ["0.1", None, "1234567890.123456789012345678"]
        decimals = [None if text is None else decimal.Decimal(text) for text in texts]
        for array in [
            pa.array(decimals, pa.decimal128(38, 18)),
            pa.array(decimals, pa.decimal256(60, 20)),
            pa.array(texts, pa.string()),
            pa.array(texts, pa.large_string()),
            pa.array(texts, pa.string_view()),
            pa.array(texts).dictionary_encode(),
        ]:
            with self.subTest(str(array.type)):
                id, _ = new_series()
                self.added(self.put(["data_points", id], points(array)), 3)
                self.assertEqual(self.stored(id), texts)

    def test_negative_decimals_keep_their_sign(self):
        values = [decimal.Decimal("-1.50"), decimal.Decimal("-0.0001"), decimal.Decimal("0")]
        for type in [pa.decimal32(9, 4), pa.decimal64(18, 4), pa.decimal128(20, 4), pa.decimal256(40, 4)]:
            with self.subTest(str(type)):
                id, _ = new_series()
                self.put(["data_points", id], points(pa.array(values, type)))
                self.assertEqual(self.stored(id), ["-1.5", "-0.0001", "0"])

    def test_the_exact_text_is_the_value_where_there_is_one(self):
        id, _ = new_series()
        exact = [None, "9007199254740993", "0.30000000000000000001"]
        self.put(["data_points", id], points([0.1, 9007199254740992.0, 0.3], value_exact=exact))
        self.assertEqual(self.stored(id), ["0.1", "9007199254740993", "0.30000000000000000001"])
        self.assertEqual(self.stored(id, "value_exact"), exact)

    def test_other_types_are_refused(self):
        id, _ = new_series()
        for array in [
            pa.array([[1], [2]]),
            pa.array([b"1", b"2"]),
            pa.array([True, False]),
            pa.array(DAYS[:2]),
            pa.array([{"x": 1}, {"x": 2}]),
        ]:
            with self.subTest(str(array.type)):
                error = self.refused(pa.ArrowInvalid, ["data_points", id], points(array))
                self.assertEqual(error["code"], "VALIDATION_ERROR")
                self.assertIn("value", error["message"])
        self.assertEqual(self.stored(id), [])


class DateTypesTest(WritingTest):
    def test_a_date_may_be_of_any_type(self):
        texts = [day.isoformat() for day in DAYS]
        for array in [
            pa.array(DAYS, pa.date32()),
            pa.array(DAYS, pa.date64()),
            *[pa.array(DAYS, pa.date32()).cast(pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")],
            pa.array(DAYS, pa.date32()).cast(pa.timestamp("us", tz="UTC")),
            pa.array(texts),
            pa.array(texts, pa.large_string()),
            pa.array(texts, pa.string_view()),
            pa.array(texts).dictionary_encode(),
            pa.array(DAYS, pa.date32()).dictionary_encode(),
        ]:
            with self.subTest(str(array.type)):
                id, _ = new_series()
                table = points([1, 2, 3], dates=array, revision_date=array)
                self.added(self.put(["data_points", id], table), 3)
                self.assertEqual(self.stored(id, "date"), DAYS)
                self.assertEqual(self.stored(id, "revision_date"), DAYS)

    def test_days_before_1970_and_at_the_ends_of_the_calendar(self):
        for days in [
            [datetime.date(1, 1, 1), datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)],
        ]:
            for type in [pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("us")]:
                with self.subTest(str(type)):
                    id, _ = new_series()
                    dates = pa.array(days, pa.date32()).cast(type)
                    self.put(["data_points", id], points([1, 2, 3], dates=dates))
                    self.assertEqual(self.stored(id, "date"), days)

    def test_a_time_of_day_is_refused(self):
        id, _ = new_series()
        noon = [datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 2, 12)]
        error = self.refused(pa.ArrowInvalid, ["data_points", id], points([1, 2], dates=noon))
        self.assertEqual(error["rows"], [1])

    def test_without_a_revision_date_it_is_today(self):
        id, _ = new_series()
        before = datetime.datetime.now(datetime.timezone.utc).date()
        self.put(["data_points", id], points([1, 2]))
        nulls = pa.array([None, DAYS[0]], pa.date32())
        self.put(["data_points", id], points([1, 2], dates=DAYS[1:], revision_date=nulls))
        after = datetime.datetime.now(datetime.timezone.utc).date()
        days = self.stored(id, "revision_date", revisions="ALL")
        self.assertEqual(days.count(DAYS[0]), 1)
        self.assertTrue(all(day in {before, after, DAYS[0]} for day in days))


class SeriesColumnsTest(WritingTest):
    def test_a_column_may_name_the_series(self):
        ids, names = zip(*[new_series() for _ in range(3)], strict=True)
        for column, keys in [("series_id", ids), ("external_id", names)]:
            for array in [
                pa.array(keys),
                pa.array(keys, pa.large_string()),
                pa.array(keys, pa.string_view()),
                pa.array(keys).dictionary_encode(),
            ]:
                with self.subTest(f"{column} {array.type}"):
                    table = pa.table({column: array, "date": DAYS, "value": [1, 2, 3]})
                    results = self.put(["data_points"], table)
                    self.assertEqual(results[-1]["rows"], 3)
        for id, value in zip(ids, ["1", "2", "3"], strict=True):
            self.assertEqual(self.stored(id), [value])

    def test_the_source_tells_apart_what_two_sources_use(self):
        _, name = new_series("TWICE", sourceId=OFFICE)
        post(
            "mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id } }",
            {"input": {"sourceId": BANK, "externalId": name, "title": "x", "frequency": "daily"}},
        )
        both = pa.table(
            {
                "source_id": [OFFICE, BANK],
                "external_id": [name, name],
                "date": DAYS[:2],
                "value": [1, 2],
            }
        )
        self.put(["data_points"], both)
        self.assertEqual(self.stored(f"{OFFICE}/{name}"), ["1"])
        self.assertEqual(self.stored(f"{BANK}/{name}"), ["2"])
        error = self.refused(pa.ArrowInvalid, ["data_points"], both.drop_columns("source_id"))
        self.assertEqual(error["code"], "VALIDATION_ERROR")

    def test_rows_of_many_series_may_be_mixed_and_columns_in_any_order(self):
        _, one = new_series()
        _, two = new_series()
        table = pa.table(
            {
                "value": [3.5, 1.5, 4.5, 2.5],
                "is_original_release": [None, None, None, None],
                "date": [DAYS[1], DAYS[0], DAYS[0], DAYS[1]],
                "external_id": [one, two, one, two],
                "revision_date": [DAYS[2]] * 4,
            }
        )
        self.put(["data_points"], table)
        self.assertEqual(self.stored(one), ["4.5", "3.5"])
        self.assertEqual(self.stored(two), ["1.5", "2.5"])

    def test_a_series_that_is_not_there_refuses_everything(self):
        id, name = new_series()
        table = pa.table({"external_id": [name, "NOWHERE"], "date": DAYS[:2], "value": [1, 2]})
        error = self.refused(KeyError, ["data_points"], table)
        self.assertEqual((error["code"], error["rows"]), ("NOT_FOUND", [1]))
        self.assertEqual(self.stored(id), [])
        with self.assertRaises(KeyError):
            self.put(["data_points", "NOWHERE"], points([1]))

    def test_columns_that_are_missing_or_unknown_are_refused(self):
        id, _ = new_series()
        for target, table, word in [
            (["data_points", id], pa.table({"value": [1]}), "date"),
            (["data_points", id], pa.table({"date": DAYS[:1]}), "value"),
            (["data_points", id], points([1], colour=["red"]), "colour"),
            (["data_points"], points([1]), "series_id"),
        ]:
            with self.subTest(word):
                error = self.refused(pa.ArrowInvalid, target, table)
                self.assertIn(word, error["message"])


class BatchesTest(WritingTest):
    def test_no_batch_one_and_many(self):
        id, _ = new_series()
        schema = points([1]).schema
        self.assertEqual(self.put(["data_points", id], schema.empty_table())[-1]["rows"], 0)
        empty = points([1]).slice(0, 0).combine_chunks().to_batches() or [
            pa.RecordBatch.from_pydict({"date": pa.array([], pa.date32()), "value": pa.array([], pa.int64())})
        ]
        results = self.put(["data_points", id], empty)
        self.assertEqual(results[-1]["rows"], 0)
        batches = [points([at], dates=[day]).to_batches()[0] for at, day in enumerate(DAYS)]
        results = self.put(["data_points", id], batches)
        self.assertEqual(
            results[:3], [{"batch": at, "rows": 1, "stored": False} for at in range(3)]
        )
        self.added(results, 3)
        self.assertEqual(self.stored(id), ["0", "1", "2"])

    def test_slices_of_batches(self):
        """Offsets that are no multiple of eight, in every kind of buffer."""
        id, name = new_series()
        days = [datetime.date(2020, 1, 1) + datetime.timedelta(at) for at in range(50)]
        numbers = [None if at % 7 == 3 else at + 0.5 for at in range(50)]
        texts = [None if number is None else str(number) for number in numbers]
        for at, value in enumerate(
            [
                pa.array(numbers),
                pa.array(texts),
                pa.array(texts, pa.string_view()),
                pa.array(texts).dictionary_encode(),
            ]
        ):
            revised = [datetime.date(2024, 1, 1 + at)] * 50
            flags = [None if day % 5 == 0 else False for day in range(50)]
            table = pa.table(
                {
                    "external_id": pa.array([name] * 50).dictionary_encode(),
                    "date": days,
                    "revision_date": revised,
                    "value": value,
                    "is_original_release": flags,
                }
            )
            [batch] = table.to_batches()
            with self.subTest(str(value.type)):
                results = self.put(["data_points"], [batch.slice(3, 10), batch.slice(13, 30)])
                self.assertEqual(results[-1]["rows"], 40)
                self.assertEqual(self.stored(id, "value"), numbers[3:43])
                self.assertEqual(self.stored(id, "date"), days[3:43])

    def growing_dictionaries(self):
        """Batches of which each knows more names than the one before, and the names."""
        names = [new_series()[1] for _ in range(4)]
        batches = [
            pa.RecordBatch.from_pydict(
                {
                    "external_id": pa.DictionaryArray.from_arrays(
                        pa.array([len(known) - 1, 0], pa.int8()), pa.array(known)
                    ),
                    "date": DAYS[:2],
                    "revision_date": [DAYS[2]] * 2,
                    "value": [number, number + 10],
                }
            )
            for number, known in enumerate([names[:1], names[:2], names[:4]])
        ]
        return batches, names

    def test_dictionaries_may_change_between_batches(self):
        batches, names = self.growing_dictionaries()
        results = self.put(["data_points"], batches, {"atomic": "batch"})
        self.assertEqual(results[-1]["rows"], 6)
        self.assertEqual(self.stored(names[0]), ["0", "12"])
        self.assertEqual(self.stored(names[1]), ["1"])
        self.assertEqual(self.stored(names[2]), [])
        self.assertEqual(self.stored(names[3]), ["2"])

    def test_dictionaries_that_grow_by_parts_are_refused(self):
        batches, names = self.growing_dictionaries()
        deltas = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        error = self.refused(pa.ArrowInvalid, ["data_points"], batches, None, deltas)
        self.assertIn("dictionary", error["message"])
        self.assertEqual(self.stored(names[0]), [])

    def test_compressed_batches_are_refused(self):
        id, _ = new_series()
        table = pa.table({"date": pa.array(range(5000), pa.int32()).cast(pa.date32()), "value": [1.0] * 5000})
        for codec in ["lz4", "zstd"]:
            options = pa.ipc.IpcWriteOptions(compression=codec)
            with self.subTest(codec):
                error = self.refused(pa.ArrowInvalid, ["data_points", id], table, None, options)
                self.assertIn("ompress", error["message"])
        self.assertEqual(self.stored(id), [])

    def test_what_pandas_and_polars_hand_over(self):
        _, name = new_series()
        frame = pandas.DataFrame(
            {
                "external_id": pandas.Categorical([name] * 3),
                "date": pandas.to_datetime(DAYS),
                "value": [1.5, float("nan"), 2.5],
            }
        )
        table = pa.Table.from_pandas(frame, preserve_index=False)
        self.added(self.put(["data_points"], table), 3)
        self.assertEqual(self.stored(name), ["1.5", None, "2.5"])
        frame = polars.DataFrame(
            {
                "external_id": [name] * 3,
                "date": DAYS,
                "value": [1.5, None, 3.5],
                "revision_date": ["2024-02-01"] * 3,
            }
        )
        for newest in [False, True]:
            compat_level = polars.CompatLevel.newest() if newest else polars.CompatLevel.oldest()
            table = frame.to_arrow(compat_level=compat_level)
            with self.subTest(str(table.schema.field("external_id").type)):
                self.assertEqual(self.put(["data_points"], table)[-1]["rows"], 3)
        categorical = frame.with_columns(polars.col("external_id").cast(polars.Categorical))
        self.assertEqual(self.put(["data_points"], categorical.to_arrow())[-1]["unchanged"], 3)
        self.assertEqual(self.stored(name, asOf="2024-02-01"), ["1.5", None, "3.5"])


class OptionsTest(WritingTest):
    def test_a_stream_is_stored_as_a_whole_or_not_at_all(self):
        id, _ = new_series()
        good = points([1], dates=DAYS[:1], revision_date=DAYS[:1]).to_batches()[0]
        bad = points([2], dates=[None], revision_date=DAYS[:1]).cast(good.schema).to_batches()[0]
        error = self.refused(pa.ArrowInvalid, ["data_points", id], [good, bad])
        self.assertEqual((error["code"], error["rows"]), ("VALIDATION_ERROR", [1]))
        self.assertEqual(self.stored(id), [])

    def test_batch_by_batch_what_came_before_a_fault_is_stored(self):
        id, _ = new_series()
        good = points([1], dates=DAYS[:1], revision_date=DAYS[:1]).to_batches()[0]
        bad = points([2], dates=[None], revision_date=DAYS[:1]).cast(good.schema).to_batches()[0]
        results = []
        with self.assertRaises(pa.ArrowInvalid):
            self.put(["data_points", id], [good, good, bad], {"atomic": "batch"}, None, results)
        counts = {"batch": 0, "rows": 1, "stored": True, "added": 1, "revised": 0, "unchanged": 0}
        self.assertEqual(results[0], counts)
        self.assertEqual(results[1], {**counts, "batch": 1, "added": 0, "unchanged": 1})
        self.assertEqual(results[2]["error"]["rows"], [2])
        self.assertEqual(self.stored(id), ["1"])

    def test_options_may_come_beside_the_type_in_a_command(self):
        id, name = new_series()
        descriptor = flight.FlightDescriptor.for_command(command(series=name, atomic="batch"))
        results = self.put(descriptor, points([1, 2]))
        self.assertTrue(results[0]["stored"])
        self.assertEqual(self.stored(id), ["1", "2"])

    def test_options_may_come_with_the_first_batch(self):
        id, _ = new_series()
        [batch] = points([1, 2]).to_batches()
        writer, reader = self.client.do_put(path("data_points", id), batch.schema)
        with writer:
            writer.write_with_metadata(batch, b'{"atomic":"batch"}')
            self.assertTrue(json.loads(reader.read().to_pybytes())["stored"])
            writer.done_writing()

    def test_the_result_of_a_batch_comes_before_the_next_batch_is_sent(self):
        id, _ = new_series()
        batches = [points([at], dates=[day]).to_batches()[0] for at, day in enumerate(DAYS)]
        writer, reader = self.client.do_put(path("data_points", id), batches[0].schema)
        with writer:
            writer.write_metadata(b'{"atomic":"batch"}')
            for at, batch in enumerate(batches):
                writer.write_batch(batch)
                result = json.loads(reader.read().to_pybytes())
                self.assertEqual((result["batch"], result["stored"]), (at, True))
                self.assertEqual(self.stored(id)[-1], str(at))
            writer.done_writing()

    def test_options_that_nobody_knows_are_refused(self):
        id, _ = new_series()
        for options in [{"atomic": "row"}, {"publish": "all"}, {"colour": "red"}, {"complete": "yes"}]:
            with self.subTest(options):
                error = self.refused(pa.ArrowInvalid, ["data_points", id], points([1]), options)
                self.assertEqual(error["code"], "VALIDATION_ERROR")
        self.assertEqual(self.stored(id), [])

    def test_vintages_store_what_they_change(self):
        id, name = new_series()
        first, second = [datetime.date(2024, 2, 1)], [datetime.date(2024, 3, 1)]
        table = points(
            [1.0, 2.0, 1.0, 2.5], dates=DAYS[:2] * 2, revision_date=first * 2 + second * 2
        )
        results = self.put(["data_points", id], table, {"publish": "vintages"})
        expected = {"added": 2, "revised": 1, "unchanged": 1, "withdrawn": 0}
        self.assertEqual(results[-1], {"rows": 4, "stored": True, **expected})
        self.assertEqual(self.stored(id, "value", revisions="ALL"), [1.0, 2.0, 2.5])
        again = self.put(["data_points", id], table, {"publish": "vintages"})[-1]
        self.assertEqual((again["added"], again["revised"], again["unchanged"]), (0, 0, 4))

    def test_complete_vintages_withdraw_what_they_leave_out(self):
        id, name = new_series()
        self.put(["data_points", id], points([1, 2, 3], revision_date=[datetime.date(2024, 2, 1)] * 3))
        table = points([1, 2], revision_date=[datetime.date(2024, 3, 1)] * 2)
        options = {"publish": "vintages", "complete": True}
        last = self.put(["data_points", id], table, options)[-1]
        self.assertEqual((last["withdrawn"], last["unchanged"]), (1, 2))
        self.assertEqual(self.stored(id, "value"), [1, 2, None])


class RefusedRowsTest(WritingTest):
    def test_the_first_twenty_rows_at_fault_are_named(self):
        id, _ = new_series()
        values = ["x" if at % 3 == 2 else "1" for at in range(90)]
        days = pa.array(range(90), pa.int32()).cast(pa.date32())
        batches = points(values, dates=days).to_batches(max_chunksize=90)
        error = self.refused(pa.ArrowInvalid, ["data_points", id], batches)
        self.assertEqual(error["rows"], list(range(2, 62, 3)))
        self.assertEqual(self.stored(id), [])

    def test_rows_are_counted_over_the_stream(self):
        id, _ = new_series()
        values = ["1"] * 10 + ["one"]
        days = pa.array(range(11), pa.int32()).cast(pa.date32())
        error = self.refused(
            pa.ArrowInvalid, ["data_points", id], points(values, dates=days).to_batches(max_chunksize=4)
        )
        self.assertEqual(error["rows"], [10])

    def test_values_that_are_no_numbers_are_refused(self):
        id, _ = new_series()
        for array in [
            pa.array([float("inf")]),
            pa.array([float("nan")]),
            pa.array([float("-inf")], pa.float32()),
            pa.array(["1,5"]),
            pa.array([""]),
            pa.array(["12345678901234567890123456789"]),
        ]:
            with self.subTest(str(array)):
                error = self.refused(pa.ArrowInvalid, ["data_points", id], points(array))
                self.assertEqual(error["rows"], [0])

    def test_one_key_with_two_values_is_refused(self):
        id, _ = new_series()
        table = points([1, 2], dates=[DAYS[0]] * 2, revision_date=[DAYS[1]] * 2)
        error = self.refused(pa.ArrowInvalid, ["data_points", id], table)
        self.assertEqual(error["code"], "VALIDATION_ERROR")
        self.assertEqual(self.stored(id), [])

    def test_publication_after_tomorrow_is_refused(self):
        id, _ = new_series()
        later = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(3)
        error = self.refused(pa.ArrowInvalid, ["data_points", id], points([1], revision_date=[later]))
        self.assertEqual(error["rows"], [0])

    def test_descriptors_that_cannot_be_written_are_refused(self):
        for descriptor in [path("changes"), path("prices"), flight.FlightDescriptor.for_command(b"{}")]:
            with self.subTest(str(descriptor)), self.assertRaises(pa.ArrowInvalid):
                self.put(descriptor, points([1]))


class RoundTripTest(WritingTest):
    def test_what_was_read_can_be_sent_back_and_changes_nothing(self):
        for fields in [
            {"series": ["GDP_GROWTH", "EXACT"], "revisions": "ALL"},
            {"filter": {"externalIdPrefix": "PANEL_"}, "revisions": "ALL"},
            {"series": ["PANEL_00", "EXACT"]},
        ]:
            for columns in [None, list(COLUMN_TYPES)]:
                if columns is not None:
                    columns = [name for name in columns if name != "decimal_value"]
                with self.subTest(fields, columns=columns):
                    chosen = {} if columns is None else {"columns": columns}
                    table = self.read(**fields, **chosen)
                    last = self.put(["data_points"], table)[-1]
                    rows = table.num_rows
                    self.assertEqual(
                        last, {"rows": rows, "stored": True, "added": 0, "revised": 0, "unchanged": rows}
                    )
                    everything = self.read(**fields, columns=list(COLUMN_TYPES))
                    self.assertEqual(table, everything.select(table.column_names))
