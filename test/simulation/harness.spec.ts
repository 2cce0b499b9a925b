// The harness itself: it lets an engine pass that keeps the rules, and catches each rule left out.

import { describe, expect, it } from 'vitest';
import { runSimulation, Violation } from './harness.js';
import { RIGHT, toyEngine, type ToyRules } from './toy-engines.js';

async function violationOf(rules: Partial<ToyRules>, seed: number): Promise<Violation> {
  const open = toyEngine({ ...RIGHT, ...rules });
  const error = await runSimulation({ open, seed, crashStates: 2000 }).then(
    (report) => report,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Violation);
  return error as Violation;
}

describe('the simulation', () => {
  it('finds nothing against an engine that keeps every rule', async () => {
    const report = await runSimulation({ open: toyEngine(RIGHT), seed: 1, crashStates: 200 });
    expect(report.crashStates).toBeGreaterThanOrEqual(200);
    expect(report.recoveries).toBeGreaterThan(200);
    expect(report.operations).toBeGreaterThan(1000);
  });

  it.each<[string, Partial<ToyRules>]>([
    ['acknowledges before the names are durable', { syncsDirectory: false }],
    ['writes a call over several files', { files: 'many' }],
    [
      'writes a call over several files, names not durable',
      { files: 'many', syncsDirectory: false },
    ],
    ['writes over what it has', { files: 'in place' }],
    ['claims that a failed call left nothing behind', { admitsDoubt: false }],
    ['serves names that the next power cut may take', { syncsAtStart: false }],
  ])('catches an engine that %s', async (_what, rules) => {
    const violation = await violationOf(rules, 1);
    expect(violation.trace.length).toBeGreaterThan(0);
    expect(violation.message).toContain(`SIM_SEED=${violation.seed}`);
    const again = await violationOf(rules, violation.seed);
    expect(again.message).toBe(violation.message);
  });

  it('does the same for the same seed', async () => {
    const run = () => runSimulation({ open: toyEngine(RIGHT), seed: 7, crashStates: 40 });
    expect(await run()).toEqual(await run());
  });
});
