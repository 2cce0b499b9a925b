"""Finding flights: greetings, lists, infos, schemas, names and tickets."""

import json

import pyarrow as pa
import pyarrow.flight as flight
from support import BANK, DEFAULT_COLUMNS, OFFICE, COLUMN_TYPES, FlightTest, command, path, post


class Greeting(flight.ClientAuthHandler):
    def authenticate(self, outgoing, incoming):
        outgoing.write(b"hello")
        self.answer = incoming.read()

    def get_token(self):
        return b""


class HandshakeTest(FlightTest):
    def test_a_greeting_is_answered_and_nobody_has_to_prove_anything(self):
        greeting = Greeting()
        with flight.connect(self.address) as client:
            client.authenticate(greeting, flight.FlightCallOptions(timeout=5))
            self.assertEqual(greeting.answer, b"")
            self.assertGreater(len(list(client.list_flights())), 0)

    def test_who_brings_a_password_is_let_in_without_a_token(self):
        with flight.connect(self.address) as client:
            options = flight.FlightCallOptions(timeout=5)
            pair = client.authenticate_basic_token("anyone", "anything", options)
            self.assertEqual(pair, (b"", b""))


class ListFlightsTest(FlightTest):
    def test_the_list_has_the_catalogue_the_changes_and_every_series(self):
        found = list(self.client.list_flights())
        paths = [tuple(info.descriptor.path) for info in found]
        self.assertEqual(paths[:2], [(b"series",), (b"changes",)])
        connection = post("{ seriesConnection(first: 1) { totalCount } }")
        self.assertEqual(len(found) - 2, connection["seriesConnection"]["totalCount"])

    def test_every_flight_of_the_list_can_be_fetched(self):
        for info in self.client.list_flights(b'{"externalIdPrefix":"PANEL_0"}'):
            about = json.loads(info.app_metadata)
            self.assertEqual(info.descriptor.path, [b"data_points", about["id"].encode()])
            table = self.client.do_get(info.endpoints[0].ticket).read_all()
            self.assertEqual(table.schema, info.schema)
            self.assertEqual(table.num_rows, 120)
            self.assertEqual(about["points"], 130)
            self.assertEqual(about["sourceId"], OFFICE)
            self.assertEqual(about["frequency"], "monthly")
            self.assertEqual(about["title"], f"Panel, series {about['externalId'][-2:]}")

    def test_criteria_are_a_filter(self):
        for criteria, count in [
            ({"externalIdPrefix": "PANEL_"}, 24),
            ({"externalIdPrefix": "PANEL_", "frequency": "quarterly"}, 0),
            ({"sourceId": BANK}, 1),
            ({"isActive": False, "externalIdPrefix": "EMPTY"}, 1),
            ({"titleContains": "gross domestic"}, 1),
        ]:
            with self.subTest(criteria):
                found = list(self.client.list_flights(json.dumps(criteria).encode()))
                self.assertEqual(len(found), count)

    def test_criteria_that_nobody_knows_are_refused(self):
        for criteria in [b"panel", b"[]", b'{"colour":"red"}', b'{"isActive":"yes"}']:
            with self.subTest(criteria), self.assertRaises(pa.ArrowInvalid):
                list(self.client.list_flights(criteria))


class InfoTest(FlightTest):
    def test_the_size_of_one_series_is_known(self):
        for kind, rows in [("data_points", 120), ("vintages", 130)]:
            info = self.client.get_flight_info(path(kind, "PANEL_03"))
            self.assertEqual(info.total_records, rows)
            self.assertGreaterEqual(info.total_bytes, rows * 21)
            self.assertEqual(len(info.endpoints), 1)
            self.assertEqual(info.descriptor, path(kind, "PANEL_03"))

    def test_of_many_series_only_the_number_of_all_revisions_is_known(self):
        filter = {"externalIdPrefix": "PANEL_"}
        every = flight.FlightDescriptor.for_command(command("vintages", filter=filter))
        self.assertEqual(self.client.get_flight_info(every).total_records, 24 * 130)
        latest = flight.FlightDescriptor.for_command(command(filter=filter))
        info = self.client.get_flight_info(latest)
        self.assertEqual((info.total_records, info.total_bytes), (-1, -1))

    def test_a_command_answers_what_the_path_answers(self):
        for parts, fields in [
            (("series",), {"type": "series"}),
            (("data_points", "GDP_GROWTH"), {"series": ["GDP_GROWTH"]}),
            (("vintages", "GDP_GROWTH"), {"type": "vintages", "series": ["GDP_GROWTH"]}),
            (("vintages", "GDP_GROWTH"), {"series": ["GDP_GROWTH"], "revisions": "ALL"}),
            (("data_points",), {}),
            (("vintages",), {"type": "vintages"}),
        ]:
            with self.subTest(parts):
                named = flight.FlightDescriptor.for_command(command(**fields))
                self.assertEqual(self.fetch(path(*parts)), self.fetch(named))

    def test_the_schema_is_told_three_times_the_same(self):
        wide = command(series=["PANEL_01", "PANEL_00"], layout="wide")
        for descriptor in [
            path("series"),
            path("data_points"),
            path("vintages", "EXACT"),
            path("changes"),
            flight.FlightDescriptor.for_command(command(columns=["value", "external_id", "date"])),
            flight.FlightDescriptor.for_command(wide),
        ]:
            with self.subTest(str(descriptor)):
                schema = self.client.get_schema(descriptor).schema
                info = self.client.get_flight_info(descriptor)
                self.assertEqual(schema, info.schema)
                self.assertEqual(schema, self.client.do_get(info.endpoints[0].ticket).schema)

    def test_the_schema_of_points_is_exact(self):
        schema = self.client.get_schema(path("data_points")).schema
        self.assertEqual(schema, pa.schema([(n, COLUMN_TYPES[n]) for n in DEFAULT_COLUMNS]))


class NameTest(FlightTest):
    def test_a_series_has_three_names(self):
        tables = [
            self.read(series=[name])
            for name in [
                "GDP_GROWTH",
                f"{OFFICE}/GDP_GROWTH",
                "20000000-0000-4000-8000-000000000001",
            ]
        ]
        self.assertEqual(tables[0].num_rows, 4)
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(tables[0], tables[2])

    def test_a_name_of_two_series_needs_the_source(self):
        with self.assertRaisesRegex(pa.ArrowInvalid, "SHARED"):
            self.client.get_flight_info(path("data_points", "SHARED"))
        self.assertEqual(self.values(series=[f"{OFFICE}/SHARED"]), {"2024-01-01": 1})
        self.assertEqual(self.values(series=[f"{BANK}/SHARED"]), {"2024-01-01": 2})

    def test_a_name_of_no_series_is_not_found(self):
        for name in ["NOWHERE", f"{BANK}/GDP_GROWTH", "20000000-0000-4000-8000-999999999999"]:
            with self.subTest(name), self.assertRaisesRegex(pa.ArrowKeyError, "NOWHERE|2000|1000"):
                self.read(series=[name])

    def test_descriptors_that_mean_nothing_are_refused(self):
        for descriptor in [
            path("prices"),
            path("data_points", "GDP_GROWTH", "more"),
            path("series", "GDP_GROWTH"),
            flight.FlightDescriptor.for_command(b"SELECT 1"),
            flight.FlightDescriptor.for_command(b"{}"),
            flight.FlightDescriptor.for_command(command("prices")),
            flight.FlightDescriptor.for_command(command(series=["GDP_GROWTH", "GDP_GROWTH"])),
            flight.FlightDescriptor.for_command(command(serie=["GDP_GROWTH"])),
            flight.FlightDescriptor.for_command(command(series=["GDP_GROWTH"], filter={"isActive": True})),
        ]:
            with self.subTest(str(descriptor)), self.assertRaises(pa.ArrowInvalid):
                self.client.get_flight_info(descriptor)


class TicketTest(FlightTest):
    def test_a_ticket_comes_back_as_it_is_and_may_be_used_again(self):
        [end] = self.client.get_flight_info(path("data_points", "GDP_GROWTH")).endpoints
        ticket = flight.Ticket.deserialize(end.ticket.serialize())
        first = self.client.do_get(ticket).read_all()
        self.assertEqual(first, self.client.do_get(ticket).read_all())
        self.assertEqual(first, self.read(series=["GDP_GROWTH"]))

    def test_an_altered_ticket_is_refused(self):
        [end] = self.client.get_flight_info(path("data_points", "GDP_GROWTH")).endpoints
        whole = end.ticket.ticket
        altered = [whole[:-1], whole + b" ", whole[1:], b"", b"\x00", b"ticket"]
        for place in {0, 1, 4, 5, len(whole) // 2, len(whole) - 1}:
            other = bytearray(whole)
            other[place] ^= 0x01
            altered.append(bytes(other))
        for ticket in altered:
            with self.subTest(ticket), self.assertRaisesRegex(pa.ArrowInvalid, "ticket"):
                self.client.do_get(flight.Ticket(ticket)).read_all()
