// Package service connects the examples to the service.
package service

import (
	"log"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Connect takes the address from the first argument or ECON_GRAPH_FLIGHT.
func Connect() flight.Client {
	address := "grpc://localhost:8815"
	if given := os.Getenv("ECON_GRAPH_FLIGHT"); given != "" {
		address = given
	}
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	return Must(flight.NewClientWithMiddleware(strings.TrimPrefix(address, "grpc://"), nil, nil,
		grpc.WithTransportCredentials(insecure.NewCredentials())))
}

// Path names a flight.
func Path(parts ...string) *flight.FlightDescriptor {
	return &flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: parts}
}

// Must ends an example that went wrong.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// Check ends an example that went wrong.
func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
