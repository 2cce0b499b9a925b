// The parts of the proof, in their order. Each makes the release if there is none, and leaves it installed with its defaults.

import { installation } from './parts/installation.mjs';
import { manifests } from './parts/manifests.mjs';
import { memory } from './parts/memory.mjs';
import { nodeEvents } from './parts/node-events.mjs';
import { redis } from './parts/redis.mjs';
import { removal } from './parts/removal.mjs';
import { rollingUpdate } from './parts/rolling-update.mjs';
import { upgrades } from './parts/upgrades.mjs';
import { validation } from './parts/validation.mjs';
import { variants } from './parts/variants.mjs';

export const PROOF = {
  validation,
  installation,
  upgrades,
  'rolling-update': rollingUpdate,
  'node-events': nodeEvents,
  redis,
  memory,
  removal,
  variants,
  manifests,
};
