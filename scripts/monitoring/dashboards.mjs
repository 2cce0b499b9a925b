// The Grafana dashboards in monitoring/grafana/: what each shows is in the file of its name.

import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { format } from 'prettier';
import { GRAPHQL } from './graphql.mjs';
import { OVERVIEW } from './overview.mjs';
import { DATASOURCE } from './panels.mjs';
import { STORAGE } from './storage.mjs';
import { SYSTEM } from './system.mjs';

const TAG = 'financial-data-service';
const FOLDER = 'monitoring/grafana';

const DASHBOARDS = { overview: OVERVIEW, graphql: GRAPHQL, storage: STORAGE, system: SYSTEM };

/** The text of each file, by its path. */
export async function dashboards() {
  const files = Object.entries(DASHBOARDS).map(async ([name, spec]) => {
    const text = JSON.stringify(dashboard(name, spec));
    return [`${FOLDER}/${name}.json`, await format(text, { parser: 'json' })];
  });
  return Object.fromEntries(await Promise.all(files));
}

function dashboard(name, { title, description, panels }) {
  const builder = new DashboardBuilder(title)
    .uid(`${TAG}-${name}`)
    .description(description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Financial Data Service')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .withVariable(
      new QueryVariableBuilder('instance')
        .label('Instance')
        .datasource(DATASOURCE)
        .query('label_values(storage_series, instance)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.+')
        .current({ text: ['All'], value: ['$__all'] }),
    );
  panels.forEach((make, index) => {
    const panel = make().id(index + 1);
    if ('collapsed' in panel) builder.withRow(panel);
    else builder.withPanel(panel);
  });
  return builder.build();
}
