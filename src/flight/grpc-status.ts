// The error switch of the Flight edge: what a failure is called in gRPC, and what callers see of it.

import { Metadata, status } from '@grpc/grpc-js';
import { AppError, type ErrorCode } from '../core/app-error.js';

export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  /** Trailers: `error-code`, and the facts as JSON in `error-details-bin`. */
  readonly metadata: Metadata;
}

const STATUS_OF: Record<ErrorCode, status> = {
  VALIDATION_ERROR: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  CONFLICT: status.ALREADY_EXISTS,
  STORAGE_ERROR: status.INTERNAL,
  CURSOR_EXPIRED: status.FAILED_PRECONDITION,
  READ_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  WRITE_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  QUERY_TOO_COMPLEX: status.RESOURCE_EXHAUSTED,
  TOO_MANY_STREAMS: status.RESOURCE_EXHAUSTED,
  STREAM_IDLE: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
};

/** Trailers and messages travel in HTTP/2 header frames, of which many peers take 8 KB. */
const DETAILS_CHARACTERS_MAX = 1000;
const MESSAGE_BYTES_MAX = 3000;

/** Never a stack, a path or the message of an unexpected error. */
export function failureOf(error: unknown): GrpcFailure {
  const metadata = new Metadata();
  if (!(error instanceof AppError)) {
    const details = 'Internal error; the log of the service has the details';
    return { code: status.INTERNAL, details, metadata };
  }
  metadata.set('error-code', error.code);
  metadata.set('error-details-bin', Buffer.from(JSON.stringify(fitting(error.details))));
  return { code: STATUS_OF[error.code], details: shortened(error.message), metadata };
}

/** Whether a failure is nobody's fault but ours, and so belongs into the log. */
export function isUnexpected(error: unknown): boolean {
  return !(error instanceof AppError) || error.code === 'STORAGE_ERROR';
}

/** The facts that there is room for, in their order. */
function fitting(details: AppError['details']): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, fact] of Object.entries(details)) {
    const size = Buffer.byteLength(JSON.stringify({ ...kept, [name]: fact }));
    if (size <= DETAILS_CHARACTERS_MAX) kept[name] = fact;
  }
  return kept;
}

/** As long as it may be once it is percent-encoded, and well-formed, or else it could not be encoded. */
function shortened(message: string): string {
  let text = message.slice(0, DETAILS_CHARACTERS_MAX).toWellFormed();
  while (encodeURI(text).length > MESSAGE_BYTES_MAX) {
    text = text.slice(0, Math.floor(text.length / 2)).toWellFormed();
  }
  return text.length < message.length ? `${text}…` : text;
}
