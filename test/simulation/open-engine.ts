// The real engine over a simulated disk: small segments, row groups and deltas, so that every few calls
// switch a segment, split a file or make a writer wait.

import { openParquetStoresOn } from '../support/parquet-stores.js';
import type { OpenEngine } from './engine-under-test.js';

export const openEngine: OpenEngine = async (disk, clock, { seed }) => {
  const { directory, ...stores } = await openParquetStoresOn(disk, {
    clock,
    config: {
      logSegmentBytes: [2048, 4096, 16_384][seed % 3]!,
      parquetRowGroupRows: [2, 7, 100][seed % 3]!,
      deltaBytesMax: [4_000, 20_000, 1_000_000][seed % 3]!,
      flushIntervalSeconds: 0,
    },
  });
  return {
    ...stores,
    flush: () => directory.flush(),
    checkpoint: () => directory.checkpoint(),
    get damaged() {
      return directory.damaged;
    },
    abandon: () => undefined,
  };
};
