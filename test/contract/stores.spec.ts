import { openMemoryStores } from '../support/memory-stores.js';
import { parquetStoresUnderTest } from '../support/parquet-stores.js';
import type { StoresUnderTest } from '../support/stores.js';
import { describeDataPointsStore } from './data-points-store.contract.js';
import { describeSeriesStore } from './series-store.contract.js';
import { describeSourcesStore } from './sources-store.contract.js';

const memory: StoresUnderTest = {
  name: 'memory',
  open: async (clock) => openMemoryStores(clock),
  reopen: async (stores) => stores,
  dispose: async () => undefined,
};

const implementations = [
  memory,
  parquetStoresUnderTest('Parquet'),
  parquetStoresUnderTest('Parquet without a cache, three rows to a row group', {
    cacheTtlSeconds: 0,
    parquetRowGroupRows: 3,
    parquetCompression: 'zstd',
  }),
];

for (const implementation of implementations) {
  describeSeriesStore(implementation);
  describeDataPointsStore(implementation);
  describeSourcesStore(implementation);
}
