// A panel of many series, its parts fetched side by side.
package main

import (
	"context"
	"fmt"
	"sync"

	"econ-graph/examples/internal/service"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
)

const command = `{
  "type": "data_points",
  "filter": {"frequency": "monthly"},
  "columns": ["external_id", "date", "value"]
}`

func main() {
	ctx := context.Background()
	client := service.Connect()
	defer client.Close()

	info := service.Must(client.GetFlightInfo(ctx,
		&flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: []byte(command)}))

	counts := make([]map[string]int, len(info.Endpoint))
	var parts sync.WaitGroup
	for part, endpoint := range info.Endpoint {
		parts.Go(func() { counts[part] = rowsBySeries(ctx, client, endpoint.Ticket) })
	}
	parts.Wait()

	rows, series := 0, 0
	for _, count := range counts {
		series += len(count)
		for _, number := range count {
			rows += number
		}
	}
	fmt.Printf("%d rows of %d series in %d parts\n", rows, series, len(info.Endpoint))
}

func rowsBySeries(ctx context.Context, client flight.Client, ticket *flight.Ticket) map[string]int {
	stream := service.Must(client.DoGet(ctx, ticket))
	reader := service.Must(flight.NewRecordReader(stream))
	defer reader.Release()
	counts := map[string]int{}
	for reader.Next() {
		// Names are sent once, and referred to by number.
		names := reader.RecordBatch().Column(0).(*array.Dictionary)
		texts := names.Dictionary().(*array.String)
		for row := range names.Len() {
			counts[texts.Value(names.GetValueIndex(row))]++
		}
	}
	service.Check(reader.Err())
	return counts
}
