"""pyarrow's own Flight server, with tables of the service in memory: what the machine can do.

Usage: reference_server.py ADDRESS SECONDS COMMAND ..., with the commands of the tables; it prints its port,
and ends by itself.
"""

import os
import sys
import threading

from pyarrow import flight


class Server(flight.FlightServerBase):
    def __init__(self, tables):
        super().__init__("grpc://127.0.0.1:0")
        self.tables = tables

    def do_get(self, context, ticket):
        return flight.RecordBatchStream(self.tables[ticket.ticket])


source, seconds, *commands = sys.argv[1:]
client = flight.connect(source, generic_options=[("grpc.max_receive_message_length", -1)])
tables = {
    command.encode(): client.do_get(flight.Ticket(command.encode())).read_all()
    for command in commands
}
client.close()
server = Server(tables)
print(server.port, flush=True)
stop = threading.Timer(float(seconds), lambda: os._exit(0))
stop.daemon = True
stop.start()
server.serve()
