// Answers questions: from the cache where nothing that an answer rests on has changed, else by running the
// compiled operation. What cannot be answered without an error is left to the reference executor.

import { Injectable, Logger } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { getVariableValues } from 'graphql';
import { Turns } from '../../core/turns.js';
import { Versions } from '../../cache/versions.js';
import { AnswerReads } from '../execution/answer-reads.js';
import { AnswerRun } from '../execution/answer-run.js';
import type { AnswerText } from '../execution/answer-text.js';
import { Answer } from './answer.js';
import { AnswerCache } from './answer-cache.js';
import type { Question } from './questions.js';
import { SharedAnswers } from './shared-answers.js';

/** An answer that is too long to be kept, as text that is written while it is sent. */
export class LongAnswer {
  constructor(private readonly text: AnswerText) {}

  /** The JSON in pieces, between which others have their turns. */
  async *pieces(): AsyncGenerator<string, void, undefined> {
    const turns = new Turns();
    for (const chunk of wrapped(this.text)) {
      yield chunk;
      if (turns.isDue) await turns.give();
    }
  }
}

interface Pending {
  /** The state of the store when it was begun. */
  readonly everything: number;
  readonly answer: Promise<Answer | LongAnswer | undefined>;
}

/** Rows of an answer that is still made in memory: some megabytes. */
const WHOLE_ROWS_MAX = 50_000;
/** Rows that are turned into text in one go, in about two milliseconds. */
const ONE_TURN_ROWS = 10_000;

@Injectable()
export class Answers {
  private readonly logger = new Logger('GraphQL');
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly cache: AnswerCache,
    private readonly shared: SharedAnswers,
    private readonly versions: Versions,
    private readonly schemaHost: GraphQLSchemaHost,
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
    const definitions = operation.definition.variableDefinitions ?? [];
    const { coerced } = getVariableValues(this.schemaHost.schema, definitions, sent, {
      maxErrors: 1,
    });
    if (!coerced || !operation.isAffordable(sent, coerced)) return undefined;
    const run = new AnswerRun(coerced, context, new AnswerReads(this.versions));
    try {
      operation.compiledFor(coerced)(run);
      await run.finished();
    } catch (error) {
      // Whoever executes it next tells the caller, and the log, what is wrong.
      this.logger.debug({ message: 'left to the reference executor', cause: String(error) });
      return undefined;
    }
    if (run.text.rowCount > WHOLE_ROWS_MAX) return new LongAnswer(run.text);
    const { text } = run;
    const isShort = text.rowCount === 0;
    const body = isShort ? textOf(text) : await bytesOf(text);
    operation.noteMilliseconds(performance.now() - started);
    return new Answer(body, run.reads);
  }
}

function textOf(text: AnswerText): string {
  return `{"data":${text.toString()}}\n`;
}

async function bytesOf(text: AnswerText): Promise<Buffer> {
  if (text.rowCount <= ONE_TURN_ROWS) return Buffer.from(textOf(text));
  const turns = new Turns();
  const chunks: Buffer[] = [];
  for (const chunk of wrapped(text)) {
    chunks.push(Buffer.from(chunk));
    if (turns.isDue) await turns.give();
  }
  return Buffer.concat(chunks);
}

function* wrapped(text: AnswerText): Generator<string, void, undefined> {
  yield '{"data":';
  yield* text.chunks();
  yield '}\n';
}
