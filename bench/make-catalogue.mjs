// Fills DATA_DIR with series that have metadata and no points, for measurements of large catalogues.
//
//   DATA_DIR=… node bench/make-catalogue.mjs 100000

import { createContext } from '../dist/app.js';
import { loadConfig } from '../dist/config/environment.js';
import { SeriesStore } from '../dist/storage/series-store.js';

const count = Number(process.argv[2] ?? 100_000);
const context = await createContext(loadConfig({ LOG_LEVEL: 'warn', ...process.env }));
const store = context.get(SeriesStore);
const regions = ['United States', 'Euro Area', 'Japan', 'Switzerland', 'Brazil', 'South Africa'];
for (let start = 0; start < count; start += 1000) {
  await Promise.all(
    Array.from({ length: Math.min(1000, count - start) }, (_, index) => {
      const number = start + index;
      return store.create({
        sourceId: `00000000-0000-4000-8000-00000000000${number % 8}`,
        externalId: `CAT_${String(number).padStart(7, '0')}`,
        title: `Consumer price index, item ${number}, ${regions[number % regions.length]}, monthly`,
        description:
          number % 3 === 0
            ? `Index numbers of item ${number} as collected by the national statistical office, all households.`
            : null,
        units: 'Index 2015=100',
        frequency: 'monthly',
        seasonalAdjustment: number % 2 === 0 ? 'seasonally_adjusted' : null,
        startDate: null,
        endDate: null,
        isActive: true,
      });
    }),
  );
}
// Closing moves all of them into files.
await context.close();
