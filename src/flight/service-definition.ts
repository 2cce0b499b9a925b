// gRPC services as grpc-js wants them, from the generated descriptors. Messages pass through as bytes: large
// ones are framed by hand, and who answers a call parses the small ones.

import type { DescService } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';

const passThrough = (bytes: Buffer): Buffer => bytes;

/** grpc-js copies messages by a method that only its own kind of bytes has. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function serviceDefinition({ typeName, methods }: DescService): ServiceDefinition {
  return Object.fromEntries(
    methods.map(({ name, methodKind }) => [
      name,
      {
        path: `/${typeName}/${name}`,
        requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
        responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
        requestSerialize: asBuffer,
        requestDeserialize: passThrough,
        responseSerialize: asBuffer,
        responseDeserialize: passThrough,
      },
    ]),
  );
}
