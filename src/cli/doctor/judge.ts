// What the facts mean. Pure: the same facts are always judged the same, and the limits are tested where they are.

import type { Check } from './check.js';
import { directoryChecks } from './directory-checks.js';
import type { Facts } from './facts.js';
import { machineChecks } from './machine-checks.js';
import { serviceChecks } from './service-checks.js';

export function judge(facts: Facts): Check[] {
  return [...machineChecks(facts), ...directoryChecks(facts), ...serviceChecks(facts)];
}

export function hasProblem(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === 'problem');
}
