// Answers in Redis. The name is that of the question; beside the answer stands what it rests on, in the versions of
// this process, which is why the name also carries an epoch that no other process has.

import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { responseName } from '../../cache/names.js';
import { SharedCache } from '../../cache/shared-cache.js';
import { Versions } from '../../cache/versions.js';
import { CacheMetrics } from '../../metrics/cache-metrics.js';
import { AnswerReads, type StoredReads } from '../execution/answer-reads.js';
import { Answer } from './answer.js';
import type { Question } from './questions.js';

/** Asking Redis takes a good part of a millisecond on both sides: what is made faster is not asked for. */
const MILLISECONDS_MIN = 2;
/** Larger ones are rare, and take longer on the way than they save. */
const BYTES_MAX = 4_194_304;

const END_OF_READS = '\n'.charCodeAt(0);

@Injectable()
export class SharedAnswers {
  private readonly epoch = randomUUID();

  constructor(
    private readonly shared: SharedCache,
    private readonly versions: Versions,
    private readonly metrics: CacheMetrics,
  ) {}

  /** Whether answers to such questions are worth the way. */
  isWorth({ operation }: Question): boolean {
    return this.shared.isConfigured && operation.milliseconds > MILLISECONDS_MIN;
  }

  /** An answer that is still right. Never rejects. */
  async get(question: Question): Promise<Answer | undefined> {
    const bytes = await this.shared.get('responses', this.nameOf(question));
    if (bytes === undefined) return undefined;
    const answer = this.decoded(bytes);
    // The bytes were those that were stored, and are no answer: somebody else stored them.
    if (answer === undefined) this.metrics.countLookup('responses', 'redis', 'damaged');
    return answer?.isCurrent === true ? answer : undefined;
  }

  set(question: Question, answer: Answer): void {
    if (!answer.isCacheable || answer.body.length > BYTES_MAX) return;
    const reads = `${JSON.stringify(answer.reads.toStored())}\n`;
    const name = this.nameOf(question);
    this.shared.set('responses', name, [Buffer.from(reads), answer.content]);
  }

  private decoded(bytes: Uint8Array): Answer | undefined {
    const end = bytes.indexOf(END_OF_READS);
    if (end < 0) return undefined;
    try {
      const stored = JSON.parse(bufferOf(bytes.subarray(0, end)).toString()) as StoredReads;
      const reads = AnswerReads.fromStored(this.versions, stored);
      return new Answer(bufferOf(bytes.subarray(end + 1)), reads);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  private nameOf({ operation, variables }: Question): string {
    const asked = [
      operation.text,
      operation.definition.name?.value ?? null,
      operation.sentOf(variables),
    ];
    return responseName(
      this.epoch,
      createHash('sha256').update(JSON.stringify(asked)).digest('hex'),
    );
  }
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
