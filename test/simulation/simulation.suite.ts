// The simulation as a test: SIM_SECONDS is how long it runs, SIM_STATES how many crashes it makes (exactly
// the same ones each time), SIM_SEED where it begins.

import { expect, it } from 'vitest';
import type { OpenEngine } from './engine-under-test.js';
import { runSimulation } from './harness.js';

const SECONDS_DEFAULT = 20;
/** What a run may take beyond its budget, or altogether where states are counted. */
const SLACK_MILLISECONDS = 60_000;
const COUNTED_MILLISECONDS = 3_600_000;

export function itSurvives(open: OpenEngine): void {
  const { SIM_STATES: states, SIM_SECONDS: seconds, SIM_SEED: chosen } = process.env;
  const seed = chosen === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(chosen);
  const milliseconds = Number(seconds ?? SECONDS_DEFAULT) * 1000;
  const budget = states === undefined ? { milliseconds } : { crashStates: Number(states) };
  const timeout = states === undefined ? milliseconds + SLACK_MILLISECONDS : COUNTED_MILLISECONDS;

  it(
    `comes up after every crash with all that it acknowledged (SIM_SEED=${seed})`,
    async () => {
      const report = await runSimulation({ open, seed, ...budget });
      const { crashStates, recoveries, operations } = report;
      process.stdout.write(
        `simulation: ${crashStates} crash states, ${recoveries} starts, ${operations} calls of the disk, ` +
          `0 violations (SIM_SEED=${seed})\n`,
      );
      expect(crashStates).toBeGreaterThan(0);
      if (states !== undefined) expect(crashStates).toBeGreaterThanOrEqual(Number(states));
    },
    timeout,
  );
}
