// Answers questions: from the cache where nothing that an answer rests on has changed, else by running the
// compiled operation. What cannot be answered without an error is left to the reference executor.

import { Injectable, Logger } from '@nestjs/common';
import { Turns } from '../../core/turns.js';
import { Versions } from '../../cache/versions.js';
import { AnswerReads } from '../execution/answer-reads.js';
import { AnswerRun } from '../execution/answer-run.js';
import type { AnswerText } from '../execution/answer-text.js';
import { ByteWriter } from '../execution/byte-writer.js';
import { Answer } from './answer.js';
import { AnswerCache } from './answer-cache.js';
import type { Question } from './questions.js';
import { SharedAnswers } from './shared-answers.js';

/** An answer that is too long to be kept, as text that is written while it is sent. */
export class LongAnswer {
  constructor(private readonly text: AnswerText) {}

  /** The JSON in pieces, between which others have their turns. */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    const turns = new Turns();
    const out = new ByteWriter();
    out.ascii(BEGIN);
    for (const _ of this.text.writeTo(out)) {
      yield out.take();
      if (turns.isDue) await turns.give();
    }
    out.ascii(END);
    yield out.take();
  }
}

const BEGIN = '{"data":';
const END = '}\n';

interface Pending {
  /** The state of the store when it was begun. */
  readonly everything: number;
  readonly answer: Promise<Answer | LongAnswer | undefined>;
}

/** What is still made in memory; what is longer is made while it is sent. */
const WHOLE_ROWS_MAX = 50_000;
const WHOLE_BYTES_MAX = 8_388_608;
/** Of a date and a value, with their names. */
const ROW_BYTES = 42;

@Injectable()
export class Answers {
  private readonly logger = new Logger('GraphQL');
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly cache: AnswerCache,
    private readonly shared: SharedAnswers,
    private readonly versions: Versions,
  ) {}

  /** What was answered before, where it would be answered again. */
  cached(question: Question): Answer | undefined {
    return this.cache.get(question.key);
  }

  /**
   * Undefined where the reference executor has to answer. Questions that come while the same one is being
   * answered share that answer, but only if nothing at all was written since it was begun.
   * @param context of the request, for resolvers
   */
  async answer(question: Question, context: object): Promise<Answer | LongAnswer | undefined> {
    const { everything } = this.versions;
    const pending = this.pending.get(question.key);
    if (pending?.everything === everything) return pending.answer;
    const mine: Pending = { everything, answer: this.make(question, context) };
    this.pending.set(question.key, mine);
    try {
      return await mine.answer;
    } finally {
      if (this.pending.get(question.key) === mine) this.pending.delete(question.key);
    }
  }

  private async make(
    question: Question,
    context: object,
  ): Promise<Answer | LongAnswer | undefined> {
    const isShared = this.shared.isWorth(question);
    const found = isShared ? await this.shared.get(question) : undefined;
    const answer = found ?? (await this.execute(question, context));
    if (answer instanceof Answer) {
      this.cache.set(question.key, answer);
      if (isShared && !found) this.shared.set(question, answer);
    }
    return answer;
  }

  private async execute(
    { operation, variables: sent }: Question,
    context: object,
  ): Promise<Answer | LongAnswer | undefined> {
    const started = performance.now();
    try {
      const variables = operation.coerced(sent);
      if (!variables || !operation.isAffordable(sent, variables)) return undefined;
      const run = new AnswerRun(variables, context, new AnswerReads(this.versions));
      operation.compiledFor(variables)(run);
      await run.finished();
      const { text, reads } = run;
      const { rowCount } = text;
      const whole =
        rowCount === 0
          ? `${BEGIN}${text.whole}${END}`
          : rowCount <= WHOLE_ROWS_MAX && (await bytesOf(text));
      operation.noteMilliseconds(performance.now() - started);
      return whole ? new Answer(whole, reads) : new LongAnswer(text);
    } catch (error) {
      // Whoever executes it next tells the caller, and the log, what is wrong.
      this.logger.debug({ message: 'left to the reference executor', cause: String(error) });
      return undefined;
    }
  }
}

/** Undefined where they are too many to be made at once. */
async function bytesOf(text: AnswerText): Promise<Buffer | undefined> {
  const out = new ByteWriter(text.rowCount * ROW_BYTES);
  const turns = new Turns();
  out.ascii(BEGIN);
  for (const _ of text.writeTo(out)) {
    if (out.size > WHOLE_BYTES_MAX) return undefined;
    if (turns.isDue) await turns.give();
  }
  out.ascii(END);
  return out.finish();
}
