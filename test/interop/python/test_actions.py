"""DoAction: every action by its documented name, and what is no action."""

import json
import os

import pyarrow as pa
import pyarrow.flight as flight
from support import DATA, OFFICE, FlightTest, new_series, post


class ActionsTest(FlightTest):
    def act(self, name, body=None):
        payload = b"" if body is None else json.dumps(body).encode()
        [result] = self.client.do_action(flight.Action(name, payload))
        return json.loads(result.body.to_pybytes())

    def test_the_list_has_every_action_with_a_description(self):
        actions = {action.type: action.description for action in self.client.list_actions()}
        self.assertEqual(
            set(actions),
            {"health", "catalog_stats", "create_series", "flush", "verify", "compact"},
        )
        self.assertTrue(all(actions.values()))

    def test_health(self):
        self.assertEqual(self.act("health")["status"], "healthy")

    def test_catalog_stats_are_those_of_graphql(self):
        stats = self.act("catalog_stats")
        names = ["seriesCount", "activeSeriesCount", "sourceCount", "dataPointCount", "lastDate"]
        expected = post("{ catalogStats { %s } }" % " ".join(names))["catalogStats"]
        self.assertEqual({name: stats[name] for name in names}, expected)

    def test_create_series(self):
        body = {
            "sourceId": OFFICE,
            "externalId": "ACTION_CREATED",
            "title": "Created by an action",
            "frequency": "M",
            "startDate": "2000-01-01",
        }
        created = self.act("create_series", body)
        self.assertEqual(created["frequency"], "monthly")
        self.assertEqual(created["startDate"], "2000-01-01")
        found = post("query ($id: UUID!) { series(id: $id) { title isActive } }", {"id": created["id"]})
        self.assertEqual(found["series"], {"title": "Created by an action", "isActive": True})
        with self.assertRaisesRegex(Exception, "ACTION_CREATED|exists|already") as caught:
            self.act("create_series", body)
        self.assertNotIsInstance(caught.exception, flight.FlightInternalError)

    def test_create_series_refuses_what_graphql_refuses(self):
        whole = {"sourceId": OFFICE, "externalId": "ACTION_BAD", "title": "x", "frequency": "daily"}
        for change in [
            {"title": None},
            {"title": ""},
            {"frequency": "now and then"},
            {"sourceId": "office"},
            {"colour": "red"},
            {"startDate": "2024-02-30"},
        ]:
            with self.subTest(change), self.assertRaises(pa.ArrowInvalid):
                self.act("create_series", {**whole, **change})

    def test_flush_makes_parquet_files_of_what_was_written(self):
        id, _ = new_series("FLUSHED")
        self.put(["data_points", id], pa.table({"date": ["2024-01-01"], "value": [1.5]}))
        self.act("flush")
        files = [name for name in os.listdir(DATA) if name.startswith("data_points_") and id in name]
        self.assertEqual(len(files), 1)

    def test_verify_finds_nothing_damaged(self):
        report = self.act("verify")
        self.assertIsInstance(report, dict)
        self.assertNotIn("error", json.dumps(report).lower())

    def test_compact_leaves_every_value_as_it_was(self):
        before = self.read("vintages", series=["PANEL_00", "EXACT"])
        self.act("flush")
        report = self.act("compact", {"series": ["PANEL_00", "EXACT"]})
        self.assertTrue(any(isinstance(value, int) for value in report.values()))
        self.assertEqual(self.read("vintages", series=["PANEL_00", "EXACT"]), before)

    def test_bodies_and_names_that_mean_nothing_are_refused(self):
        for name, body in [
            ("dance", b""),
            ("flush", b"now"),
            ("flush", b'{"hard":true}'),
            ("create_series", b""),
            ("create_series", b"[]"),
        ]:
            with self.subTest(f"{name} {body}"), self.assertRaises(pa.ArrowInvalid):
                list(self.client.do_action(flight.Action(name, body)))

    def test_compact_of_a_series_that_is_not_there_is_not_found(self):
        with self.assertRaises(pa.ArrowKeyError):
            self.act("compact", {"series": ["NOWHERE"]})
