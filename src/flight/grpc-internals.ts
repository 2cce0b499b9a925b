// What has to be known of a call and grpc-js does not tell: its HTTP/2 stream, and whether a message was cut
// off. Both are looked up where grpc-js 1.14 has them; the version is pinned, and tests fail where they are gone.

import type { ServerHttp2Stream } from 'node:http2';

interface BaseCall {
  readonly stream: ServerHttp2Stream;
  /** 0 between two messages. */
  readonly decoder: { readonly readState: number };
}

function baseOf(call: object): BaseCall {
  return (call as { readonly call: BaseCall }).call;
}

export function http2StreamOf(call: object): ServerHttp2Stream {
  return baseOf(call).stream;
}

/** Whether the client has sent a part of a message and not the rest of it. */
export function isAmidMessage(call: object): boolean {
  return baseOf(call).decoder.readState !== 0;
}
