// What an upload is to become: its descriptor, and the options that may come beside it or with its messages.

import { validationError } from '../../core/app-error.js';
import { JsonFields, parseJsonObject } from '../json-fields.js';
import {
  FlightDescriptor_DescriptorType as DescriptorType,
  type FlightDescriptor,
} from '../protocol/Flight_pb.js';

export interface PutTarget {
  readonly type: 'data_points' | 'series';
  /** The series that all rows are of; undefined where each row names its own. */
  readonly series: string | undefined;
}

export interface PutOptions {
  /** What is stored all or nothing. */
  readonly atomic: 'stream' | 'batch';
  readonly publish: 'points' | 'vintages';
  /** Of vintages: whether dates that are left out are withdrawn. */
  readonly isComplete: boolean;
}

const PATHS =
  '["data_points"], ["data_points", series], ["vintages"], ["vintages", series] or ["series"]';

const TYPES = ['data_points', 'vintages', 'series'] as const;
type PutType = (typeof TYPES)[number];

/** @throws AppError VALIDATION_ERROR */
export function parseTarget(descriptor: FlightDescriptor | undefined): {
  readonly target: PutTarget;
  readonly options: PutOptions;
} {
  if (descriptor?.type === DescriptorType.CMD) {
    const fields = new JsonFields(parseJsonObject(descriptor.cmd, 'command'));
    const type = fields.oneOf('type', TYPES);
    if (type === undefined) {
      throw validationError('type', `type is needed: one of ${TYPES.join(', ')}`);
    }
    const series = type === 'series' ? undefined : fields.text('series');
    const options = readOptions(fields, type, defaults(type));
    return { target: targetOf(type, series), options };
  }
  const [name, series, ...rest] = descriptor?.path ?? [];
  const type = TYPES.find((known) => known === name);
  if (type === undefined || rest.length > 0 || (type === 'series' && series !== undefined)) {
    throw validationError('descriptor', `An upload goes to the path ${PATHS}, or to a command`);
  }
  return { target: targetOf(type, series), options: defaults(type) };
}

/**
 * @param given JSON that changes some of the options
 * @throws AppError VALIDATION_ERROR
 */
export function parseOptions(
  given: Uint8Array,
  { type }: PutTarget,
  options: PutOptions,
): PutOptions {
  return readOptions(new JsonFields(parseJsonObject(given, 'app_metadata')), type, options);
}

function targetOf(type: PutType, series: string | undefined): PutTarget {
  return { type: type === 'series' ? type : 'data_points', series };
}

function defaults(type: PutType): PutOptions {
  return {
    atomic: 'stream',
    publish: type === 'vintages' ? 'vintages' : 'points',
    isComplete: false,
  };
}

function readOptions(fields: JsonFields, type: PutType, before: PutOptions): PutOptions {
  if (type === 'series') {
    // They are stored one by one, whatever was asked for.
    fields.finish();
    return before;
  }
  const options = {
    atomic: fields.oneOf('atomic', ['stream', 'batch'] as const) ?? before.atomic,
    publish: fields.oneOf('publish', ['points', 'vintages'] as const) ?? before.publish,
    isComplete: fields.flag('complete') ?? before.isComplete,
  };
  fields.finish();
  if (options.isComplete && options.publish !== 'vintages') {
    throw validationError(
      'complete',
      'complete is for vintages: publish them with "publish": "vintages"',
    );
  }
  if (options.isComplete && options.atomic === 'batch') {
    throw validationError(
      'complete',
      'complete needs "atomic": "stream": a batch is mostly a part of a vintage, and the rest of it would be withdrawn',
    );
  }
  return options;
}
