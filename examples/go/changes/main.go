// Following changes: everything once, then what is new since the cursor.
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"econ-graph/examples/internal/service"

	"github.com/apache/arrow-go/v18/arrow/flight"
)

func main() {
	client := service.Connect()
	defer client.Close()

	rows, cursor := follow(client, "")
	fmt.Printf("%d changes up to now\n", rows)
	rows, _ = follow(client, cursor)
	fmt.Printf("%d since then\n", rows)
}

// follow answers the number of changes since a cursor, and the cursor for the next look.
func follow(client flight.Client, since string) (rows int64, cursor string) {
	command := map[string]string{"type": "changes"}
	if since != "" {
		command["since"] = since
	}
	ticket := &flight.Ticket{Ticket: service.Must(json.Marshal(command))}
	stream := service.Must(client.DoGet(context.Background(), ticket))
	reader := service.Must(flight.NewRecordReader(stream))
	defer reader.Release()
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
		var told struct{ Cursor string }
		service.Check(json.Unmarshal(reader.LatestAppMetadata(), &told))
		cursor = told.Cursor
	}
	service.Check(reader.Err())
	return rows, cursor
}
