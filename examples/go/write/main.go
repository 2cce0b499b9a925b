// Writing points of a series that is there: what the service answers, batch by batch and when everything is durable.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"econ-graph/examples/internal/service"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func main() {
	client := service.Connect()
	defer client.Close()

	schema := arrow.NewSchema([]arrow.Field{
		{Name: "date", Type: arrow.BinaryTypes.String},
		{Name: "revision_date", Type: arrow.BinaryTypes.String},
		{Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for quarter, value := range []float64{1.6, 3.0} {
		builder.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("2024-%02d-01", 3*quarter+1))
		builder.Field(1).(*array.StringBuilder).Append("2024-09-26")
		builder.Field(2).(*array.Float64Builder).Append(value)
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()

	stream := service.Must(client.DoPut(context.Background()))
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(schema))
	writer.SetFlightDescriptor(service.Path("data_points", "SCRATCH"))
	service.Check(writer.WriteWithAppMetadata(batch, []byte(`{"publish": "vintages"}`)))
	service.Check(writer.Close())
	service.Check(stream.CloseSend())
	for {
		result, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		service.Check(err)
		fmt.Println(string(result.AppMetadata))
	}
}
