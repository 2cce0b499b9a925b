// gRPC services as grpc-js wants them, from the generated descriptors. Messages pass through as bytes: large
// ones are framed by hand, and who answers a call parses the small ones.

import type { DescService } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Message } from './outgoing.js';

const passThrough = (bytes: Buffer): Buffer => bytes;

/** grpc-js asks for `byteLength` and calls `copy(target, start)`, which Uint8Array has not. */
function serializable(message: Message): Buffer {
  return message instanceof Uint8Array
    ? Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    : (message as unknown as Buffer);
}

export function serviceDefinition({ typeName, methods }: DescService): ServiceDefinition {
  return Object.fromEntries(
    methods.map(({ name, methodKind }) => [
      name,
      {
        path: `/${typeName}/${name}`,
        requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
        responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
        requestSerialize: serializable,
        requestDeserialize: passThrough,
        responseSerialize: serializable,
        responseDeserialize: passThrough,
      },
    ]),
  );
}
