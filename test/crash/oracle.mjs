// What must be stored. Each call is written to a file outside the data directory before it is sent, and its
// outcome after it is known, for whoever examines a violation; the test itself decides by what is in memory.

import { closeSync, openSync, writeSync } from 'node:fs';
import { differences, effectOf, pointKey } from './model.mjs';
import { Violation } from './violation.mjs';

export class Oracle {
  #fd;
  #calls = 0;
  #names = 0;
  /** Sent, and neither acknowledged nor refused. */
  #open = new Set();
  /** Identifiers and external ids of deleted series. */
  #gone = new Map();

  series = new Map();
  sources = new Map();

  constructor(file) {
    this.#fd = openSync(file, 'a');
  }

  close() {
    closeSync(this.#fd);
  }

  /** The series of one writer. */
  seriesOf(prefix) {
    return [...this.series.values()].filter(({ fields }) => fields.externalId.startsWith(prefix));
  }

  /** Deleted series of one writer whose names are free. */
  goneSeriesOf(prefix) {
    const taken = new Set([...this.series.values()].map(({ fields }) => fields.externalId));
    return [...this.#gone]
      .map(([id, externalId]) => ({ id, externalId }))
      .filter(({ externalId }) => externalId.startsWith(prefix) && !taken.has(externalId));
  }

  /** The last of them: each costs a look-up in every verification. */
  goneIds() {
    return [...this.#gone.keys()].slice(-200);
  }

  nextNumber() {
    return ++this.#names;
  }

  get pointCount() {
    let count = 0;
    for (const { points } of this.series.values()) count += points.size;
    return count;
  }

  note(entry) {
    writeSync(this.#fd, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  }

  begin(writer, operation) {
    const call = { number: ++this.#calls, operation };
    call.effect = effectOf(operation, (id) => this.series.get(id));
    this.note({ call: call.number, writer, intent: operation });
    this.#open.add(call);
    return call;
  }

  /** @throws Violation where the answer is not what the call does */
  acknowledge(call, data) {
    this.note({ acknowledged: call.number });
    this.#open.delete(call);
    const { operation, effect } = call;
    const answer = operation.kind === 'createDataPoints' ? data.createDataPoints : data;
    for (const [name, expected] of Object.entries(effect.answer ?? {})) {
      if (answer[name] === expected) continue;
      throw new Violation(`call ${call.number} answered what it cannot have done`, [
        `${name}: expected ${expected}, answered ${answer[name]}`,
      ]);
    }
    takeTimes(operation, effect, data);
    this.#apply(call);
  }

  /** The service answered that nothing was stored. */
  refuse(call, code) {
    this.note({ refused: call.number, code });
    this.#open.delete(call);
  }

  /** Nobody knows whether it was stored until the service runs again. */
  leaveOpen(call, reason) {
    this.note({ open: call.number, reason });
  }

  /**
   * Finds out from what is stored which of the calls in flight were, and expects that from now on.
   * @returns how many were stored
   * @throws Violation where one was stored in part
   */
  settle(seen) {
    let stored = 0;
    for (const call of this.#open) {
      const isStored = this.#isStored(call, seen);
      this.note({ settled: call.number, isStored });
      if (!isStored) continue;
      this.#apply(call);
      stored++;
    }
    const left = this.#open.size - stored;
    this.#open.clear();
    return { stored, left };
  }

  #isStored(call, seen) {
    const { operation, effect } = call;
    if (effect.source) return seen.sources.has(effect.source.id);
    this.#bindMadeId(call, seen);
    const parts = [...effect.series].map(([id, after]) => {
      const isSeen = seen.series.get(id);
      return {
        id,
        before: differences(this.series.get(id), isSeen),
        after: differences(after, isSeen),
      };
    });
    if (parts.every(({ before }) => before.length === 0)) return false;
    if (parts.every(({ after }) => after.length === 0)) return true;
    const isHalf = parts.every(({ before, after }) => before.length === 0 || after.length === 0);
    const changed = parts.filter(({ before }) => before.length > 0);
    throw new Violation(
      isHalf
        ? `call ${call.number} (${operation.kind}) was in flight and is half there: ${changed.length} of ${parts.length} series have it`
        : `call ${call.number} (${operation.kind}) was in flight and left what is neither before nor after it`,
      parts.flatMap(({ id, before, after }) => [
        ...before.slice(0, 2).map((line) => `series ${id}, if it was not stored: ${line}`),
        ...after.slice(0, 2).map((line) => `series ${id}, if it was stored: ${line}`),
      ]),
    );
  }

  /** A series that the service was to name is known by its external id. */
  #bindMadeId({ operation, effect }, seen) {
    if (operation.kind !== 'createSeries' || operation.id !== null) return;
    const { sourceId, externalId } = operation.fields;
    const found = [...seen.series.values()].find(
      ({ id, fields }) =>
        !this.series.has(id) && fields.sourceId === sourceId && fields.externalId === externalId,
    );
    if (found) rename(effect, found.id);
  }

  #apply({ operation, effect }) {
    if (effect.source) this.sources.set(effect.source.id, effect.source);
    for (const [id, after] of effect.series) {
      if (after) {
        this.series.set(id, after);
        this.#gone.delete(id);
      } else {
        this.#gone.set(id, this.series.get(id).fields.externalId);
        this.series.delete(id);
      }
    }
    if (operation.kind === 'createSeries' && effect.series.has(null)) {
      throw new Error('a stored series has an id');
    }
  }
}

function rename(effect, id) {
  const after = effect.series.get(null);
  effect.series.delete(null);
  effect.series.set(id, { ...after, id });
}

/** Commit times are part of what was acknowledged. */
function takeTimes(operation, effect, data) {
  if (operation.kind === 'createSeries' || operation.kind === 'updateSeries') {
    const { id, createdAt, updatedAt } = data[operation.kind];
    if (effect.series.has(null)) rename(effect, id);
    effect.series.set(id, { ...effect.series.get(id), createdAt, updatedAt });
  }
  if (operation.kind === 'createDataPoints') {
    operation.points.forEach((point, index) => {
      const { points } = effect.series.get(point.seriesId);
      const key = pointKey(point);
      const { createdAt, updatedAt } = data.createDataPoints.dataPoints[index];
      points.set(key, { ...points.get(key), createdAt, updatedAt });
    });
  }
}
