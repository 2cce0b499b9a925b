// A first read: the latest values of one series.
package main

import (
	"context"
	"fmt"

	"econ-graph/examples/internal/service"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
)

func main() {
	ctx := context.Background()
	client := service.Connect()
	defer client.Close()

	info := service.Must(client.GetFlightInfo(ctx, service.Path("data_points", "GDP_GROWTH")))
	fmt.Printf("%d values\n", info.TotalRecords)

	stream := service.Must(client.DoGet(ctx, info.Endpoint[0].Ticket))
	reader := service.Must(flight.NewRecordReader(stream))
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		dates := batch.Column(batch.Schema().FieldIndices("date")[0]).(*array.Date32)
		values := batch.Column(batch.Schema().FieldIndices("value")[0]).(*array.Float64)
		for row := range int(batch.NumRows()) {
			// A value that was published as missing is null.
			fmt.Println(dates.ValueStr(row), values.ValueStr(row))
		}
	}
	service.Check(reader.Err())
}
