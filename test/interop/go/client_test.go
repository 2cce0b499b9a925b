// The official Go client against the service that run.mjs started and filled.
package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const office = "10000000-0000-4000-8000-00000000000a"

var name = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

var defaultSchema = arrow.NewSchema([]arrow.Field{
	{Name: "series_id", Type: name, Nullable: true},
	{Name: "date", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "revision_date", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "value_exact", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "is_original_release", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
}, nil)

func address() string {
	return strings.TrimPrefix(os.Getenv("ECON_GRAPH_FLIGHT"), "grpc://")
}

func connect(t *testing.T) flight.Client {
	t.Helper()
	client, err := flight.NewClientWithMiddleware(address(), nil, nil,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// callContext ends a call that hangs.
func callContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func path(parts ...string) *flight.FlightDescriptor {
	return &flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: parts}
}

func command(fields map[string]any) []byte {
	bytes, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return bytes
}

func ticket(fields map[string]any) *flight.Ticket {
	return &flight.Ticket{Ticket: command(fields)}
}

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wantCode(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("want %v, got %v: %v", code, status.Code(err), err)
	}
}

// read drains a stream: the rows, and what each is handed to.
func read(t *testing.T, client flight.Client, from *flight.Ticket, each func(arrow.RecordBatch)) int64 {
	t.Helper()
	stream := must[flight.FlightService_DoGetClient](t)(client.DoGet(callContext(t), from))
	reader := must[*flight.Reader](t)(flight.NewRecordReader(stream))
	defer reader.Release()
	var rows int64
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
		if each != nil {
			each(reader.RecordBatch())
		}
	}
	if err := reader.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return rows
}

// receive collects stream messages until the end.
func receive[T any](next func() (T, error)) ([]T, error) {
	var all []T
	for {
		message, err := next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, message)
	}
}

func act(t *testing.T, client flight.Client, action string, body any) (map[string]any, error) {
	t.Helper()
	var bytes []byte
	if body != nil {
		bytes = must[[]byte](t)(json.Marshal(body))
	}
	stream := must[flight.FlightService_DoActionClient](t)(
		client.DoAction(callContext(t), &flight.Action{Type: action, Body: bytes}))
	results, err := receive(stream.Recv)
	if err != nil {
		return nil, err
	}
	var result map[string]any
	if err := json.Unmarshal(results[0].Body, &result); err != nil {
		t.Fatal(err)
	}
	return result, nil
}

// newSeries creates a series of its own for a test, and answers its id.
func newSeries(t *testing.T, client flight.Client) string {
	t.Helper()
	created, err := act(t, client, "create_series", map[string]any{
		"sourceId":   office,
		"externalId": fmt.Sprintf("GO_%s_%d", t.Name(), time.Now().UnixNano()),
		"title":      "Written by Go",
		"frequency":  "daily",
	})
	if err != nil {
		t.Fatal(err)
	}
	return created["id"].(string)
}

func TestListFlights(t *testing.T) {
	client := connect(t)
	stream := must[flight.FlightService_ListFlightsClient](t)(
		client.ListFlights(callContext(t), &flight.Criteria{Expression: []byte(`{"externalIdPrefix":"PANEL_"}`)}))
	infos, err := receive(stream.Recv)
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) != 24 {
		t.Fatalf("want 24 flights, got %d", len(infos))
	}
	for _, info := range infos {
		schema := must[*arrow.Schema](t)(flight.DeserializeSchema(info.Schema, memory.DefaultAllocator))
		if !schema.Equal(defaultSchema) {
			t.Fatalf("the schema is %v", schema)
		}
		if rows := read(t, client, info.Endpoint[0].Ticket, nil); rows != 120 {
			t.Fatalf("want 120 rows, got %d", rows)
		}
	}
}

func TestGetFlightInfoAndSchema(t *testing.T) {
	client := connect(t)
	info := must[*flight.FlightInfo](t)(client.GetFlightInfo(callContext(t), path("vintages", "GDP_GROWTH")))
	if info.TotalRecords != 9 || len(info.Endpoint) != 1 {
		t.Fatalf("want 9 records at one endpoint, got %d at %d", info.TotalRecords, len(info.Endpoint))
	}
	result := must[*flight.SchemaResult](t)(client.GetSchema(callContext(t), path("vintages", "GDP_GROWTH")))
	if !slices.Equal(result.Schema, info.Schema) {
		t.Fatal("GetSchema and GetFlightInfo tell different schemas")
	}
	schema := must[*arrow.Schema](t)(flight.DeserializeSchema(result.Schema, memory.DefaultAllocator))
	if !schema.Equal(defaultSchema) {
		t.Fatalf("the schema is %v", schema)
	}
}

func TestDoGetOfAPanelHasDictionaries(t *testing.T) {
	seen := map[string]int{}
	nulls := 0
	rows := read(t, connect(t), ticket(map[string]any{
		"type":    "data_points",
		"filter":  map[string]any{"externalIdPrefix": "PANEL_"},
		"columns": []string{"external_id", "date", "value"},
	}), func(batch arrow.RecordBatch) {
		names := batch.Column(0).(*array.Dictionary)
		texts := names.Dictionary().(*array.String)
		for row := range names.Len() {
			seen[texts.Value(names.GetValueIndex(row))]++
		}
		nulls += batch.Column(2).NullN()
	})
	if rows != 24*120 || len(seen) != 24 || nulls != 24*12 {
		t.Fatalf("%d rows of %d series with %d nulls", rows, len(seen), nulls)
	}
	for series, count := range seen {
		if count != 120 {
			t.Fatalf("%s has %d rows", series, count)
		}
	}
}

// Larger than the 4 MB that this client takes in one message.
func TestAMillionRowsComeInMessagesThatAnyClientTakes(t *testing.T) {
	client := connect(t)
	id := newSeries(t, client)
	results, err := put(t, client, path("data_points", id), "", days(0, 500_000), days(500_000, 500_000))
	if err != nil {
		t.Fatal(err)
	}
	if last := results[len(results)-1]; last["added"] != 1e6 {
		t.Fatalf("the last result is %v", last)
	}
	next := arrow.Date32(0)
	rows := read(t, client, ticket(map[string]any{
		"type": "data_points", "series": []string{id}, "columns": []string{"date", "decimal_value"},
	}), func(batch arrow.RecordBatch) {
		for _, day := range batch.Column(0).(*array.Date32).Values() {
			if day != next {
				t.Fatalf("day %d comes where %d should", day, next)
			}
			next++
		}
	})
	if rows != 1_000_000 {
		t.Fatalf("%d rows", rows)
	}
}

var daySchema = arrow.NewSchema([]arrow.Field{
	{Name: "date", Type: arrow.FixedWidthTypes.Date32},
	{Name: "value", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

// days makes a batch of days from one on, with their numbers as values.
func days(from, count int) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, daySchema)
	defer builder.Release()
	for day := from; day < from+count; day++ {
		builder.Field(0).(*array.Date32Builder).Append(arrow.Date32(day))
		builder.Field(1).(*array.Float64Builder).Append(float64(day))
	}
	return builder.NewRecordBatch()
}

// put writes batches, with options before the first one, and answers the results.
func put(t *testing.T, client flight.Client, to *flight.FlightDescriptor, options string,
	batches ...arrow.RecordBatch) ([]map[string]any, error) {
	t.Helper()
	stream := must[flight.FlightService_DoPutClient](t)(client.DoPut(callContext(t)))
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(batches[0].Schema()))
	writer.SetFlightDescriptor(to)
	for at, batch := range batches {
		var metadata []byte
		if at == 0 && options != "" {
			metadata = []byte(options)
		}
		// Where the service refused already, its status says why.
		if err := writer.WriteWithAppMetadata(batch, metadata); err != nil {
			break
		}
	}
	writer.Close()
	stream.CloseSend()
	messages, err := receive(stream.Recv)
	results := make([]map[string]any, len(messages))
	for at, message := range messages {
		if err := json.Unmarshal(message.AppMetadata, &results[at]); err != nil {
			t.Fatal(err)
		}
	}
	return results, err
}

func TestDoPutAnswersEachBatch(t *testing.T) {
	client := connect(t)
	id := newSeries(t, client)
	results, err := put(t, client, path("data_points", id), `{"atomic":"batch"}`, days(0, 10), days(5, 10))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"added":10,"batch":0,"revised":0,"rows":10,"stored":true,"unchanged":0}`,
		`{"added":5,"batch":1,"revised":0,"rows":10,"stored":true,"unchanged":5}`,
		`{"added":15,"revised":0,"rows":20,"stored":true,"unchanged":5}`,
	}
	for at, result := range results {
		if got := string(must[[]byte](t)(json.Marshal(result))); got != want[at] {
			t.Errorf("result %d is %s", at, got)
		}
	}
	if len(results) != len(want) {
		t.Errorf("%d results", len(results))
	}
}

func TestDoPutWithADictionaryOfSeries(t *testing.T) {
	client := connect(t)
	ids := []string{newSeries(t, client), newSeries(t, client)}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "value", Type: arrow.PrimitiveTypes.Int64},
		{Name: "series_id", Type: name},
		{Name: "date", Type: arrow.BinaryTypes.String},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	for at := range 10 {
		builder.Field(0).(*array.Int64Builder).Append(int64(at))
		if err := builder.Field(1).(*array.BinaryDictionaryBuilder).AppendString(ids[at%2]); err != nil {
			t.Fatal(err)
		}
		builder.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("2024-01-%02d", at+1))
	}
	results, err := put(t, client, path("data_points"), "", builder.NewRecordBatch())
	if err != nil {
		t.Fatal(err)
	}
	if last := results[len(results)-1]; last["added"] != 10.0 {
		t.Fatalf("the last result is %v", last)
	}
	for _, id := range ids {
		only := ticket(map[string]any{"type": "data_points", "series": []string{id}})
		if rows := read(t, client, only, nil); rows != 5 {
			t.Fatalf("%d rows", rows)
		}
	}
}

func TestDoPutThatIsRefusedSaysWhyTwice(t *testing.T) {
	client := connect(t)
	id := newSeries(t, client)
	results, err := put(t, client, path("data_points", id), `{"atomic":"row"}`, days(0, 10))
	wantCode(t, err, codes.InvalidArgument)
	failure, isFailure := results[len(results)-1]["error"].(map[string]any)
	if !isFailure || failure["code"] != "VALIDATION_ERROR" {
		t.Fatalf("the last result is %v", results)
	}
	_, err = put(t, client, path("data_points", "NOWHERE"), "", days(0, 10))
	wantCode(t, err, codes.NotFound)
}

func TestActions(t *testing.T) {
	client := connect(t)
	stream := must[flight.FlightService_ListActionsClient](t)(client.ListActions(callContext(t), &flight.Empty{}))
	types, err := receive(stream.Recv)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, action := range types {
		names = append(names, action.Type)
	}
	slices.Sort(names)
	want := []string{"catalog_stats", "compact", "create_series", "flush", "health", "verify"}
	if !slices.Equal(names, want) {
		t.Fatalf("the actions are %v", names)
	}
	for _, action := range []string{"health", "catalog_stats", "flush", "verify"} {
		if _, err := act(t, client, action, nil); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestErrorsHaveTheirStatus(t *testing.T) {
	client := connect(t)
	for _, test := range []struct {
		descriptor *flight.FlightDescriptor
		code       codes.Code
	}{
		{path("prices"), codes.InvalidArgument},
		{path("data_points", "SHARED"), codes.InvalidArgument},
		{path("data_points", "NOWHERE"), codes.NotFound},
		{&flight.FlightDescriptor{}, codes.InvalidArgument},
	} {
		_, err := client.GetFlightInfo(callContext(t), test.descriptor)
		wantCode(t, err, test.code)
	}
	_, err := act(t, client, "dance", nil)
	wantCode(t, err, codes.InvalidArgument)
	body := map[string]any{"sourceId": office, "externalId": "GDP_GROWTH", "title": "x", "frequency": "daily"}
	_, err = act(t, client, "create_series", body)
	wantCode(t, err, codes.AlreadyExists)
	_, err = client.PollFlightInfo(callContext(t), path("series"))
	wantCode(t, err, codes.Unimplemented)
	exchange := must[flight.FlightService_DoExchangeClient](t)(client.DoExchange(callContext(t)))
	_, err = exchange.Recv()
	wantCode(t, err, codes.Unimplemented)
}

func TestTrailersSayTheSameToPrograms(t *testing.T) {
	var trailer metadata.MD
	_, err := connect(t).GetFlightInfo(callContext(t), path("data_points", "NOWHERE"), grpc.Trailer(&trailer))
	wantCode(t, err, codes.NotFound)
	if code := trailer.Get("error-code"); !slices.Equal(code, []string{"NOT_FOUND"}) {
		t.Fatalf("error-code is %v", code)
	}
	var details map[string]any
	if err := json.Unmarshal([]byte(trailer.Get("error-details-bin")[0]), &details); err != nil {
		t.Fatal(err)
	}
	if details["id"] != "NOWHERE" {
		t.Fatalf("the details are %v", details)
	}
}

func TestCancellationEndsTheStream(t *testing.T) {
	client := connect(t)
	id := newSeries(t, client)
	if _, err := put(t, client, path("data_points", id), "", days(0, 900_000)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream := must[flight.FlightService_DoGetClient](t)(client.DoGet(ctx, ticket(map[string]any{
		"type": "data_points", "series": []string{id},
		"columns": []string{"date", "revision_date", "value", "decimal_value", "created_at"},
	})))
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err := receive(stream.Recv)
	wantCode(t, err, codes.Canceled)
	wantNoOpenStream(t)
}

func TestDeadlineEndsTheCall(t *testing.T) {
	client := connect(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	stream := must[flight.FlightService_DoPutClient](t)(client.DoPut(ctx))
	_, err := stream.Recv()
	wantCode(t, err, codes.DeadlineExceeded)
	wantNoOpenStream(t)
}

var gauge = regexp.MustCompile(`(?m)^flight_streams(?:\{[^}]*\})? (\d+)`)

// wantNoOpenStream waits a second at most.
func wantNoOpenStream(t *testing.T) {
	t.Helper()
	until := time.Now().Add(time.Second)
	for {
		response := must[*http.Response](t)(http.Get(os.Getenv("ECON_GRAPH_HTTP") + "/metrics"))
		text := must[[]byte](t)(io.ReadAll(response.Body))
		response.Body.Close()
		open := string(gauge.FindSubmatch(text)[1])
		if open == "0" {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s streams are still open", open)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestHealthOnTheSamePort(t *testing.T) {
	connection := must[*grpc.ClientConn](t)(
		grpc.NewClient(address(), grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer connection.Close()
	health := grpc_health_v1.NewHealthClient(connection)
	for _, service := range []string{"", "arrow.flight.protocol.FlightService"} {
		answer, err := health.Check(callContext(t), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Fatalf("%q is %v", service, answer.Status)
		}
	}
	_, err := health.Check(callContext(t), &grpc_health_v1.HealthCheckRequest{Service: "nobody"})
	wantCode(t, err, codes.NotFound)
}
