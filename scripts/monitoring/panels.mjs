// From what a panel shows to a panel: one look for all dashboards, and what several of them show. A panel that lacks a
// title, a unit or a description is refused.

import assert from 'node:assert/strict';
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The chosen instances, for the braces of every selector. */
export const HERE = 'instance=~"$instance"';

/** Over how long a rate is taken: Grafana puts in what spans at least four scrapes. */
export const RATE = '$__rate_interval';

const GRID_COLUMNS = 24;
const [STAT_HEIGHT, CHART_HEIGHT] = [4, 8];

export const row = (title) => () => new RowBuilder(title);

/**
 * A number that answers whether all is well.
 * @param thresholds pairs of a value and the colour from there on; the first value is null
 */
export const stat = (spec) => () =>
  described(new StatBuilder(), spec)
    .span(spec.span ?? GRID_COLUMNS / 6)
    .height(STAT_HEIGHT)
    .withTarget(query(spec.query, { instant: false }))
    .thresholds(thresholdsOf(spec.thresholds))
    .mappings(spec.mappings ?? [])
    .colorMode(BigValueColorMode.Background)
    .graphMode(spec.mappings ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));

/** Lines over time; `queries` by the text of their legend. */
export const lines = (spec) => () => {
  const panel = described(new TimeseriesBuilder(), spec)
    .span(spec.span ?? GRID_COLUMNS / 2)
    .height(CHART_HEIGHT)
    .fillOpacity(10)
    .lineWidth(1)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .thresholds(thresholdsOf(spec.thresholds));
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  Object.entries(spec.queries).forEach(([legend, expr], index) => {
    panel.withTarget(query(expr, { legend, refId: String.fromCharCode(65 + index) }));
  });
  return panel;
};

/** The newest values, one row each. */
export const table = (spec) => () =>
  described(new TableBuilder(), spec)
    .span(spec.span ?? GRID_COLUMNS / 2)
    .height(CHART_HEIGHT)
    .thresholds(thresholdsOf(spec.thresholds))
    .withTarget(query(spec.query, { instant: true }).format(PromQueryFormat.Table))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, job: true, __name__: true },
        renameByName: { Value: spec.valueName },
      },
    });

/** Of several dashboards, like the two below: each says in words of its own what to do. */
export const writesTaken = (description) =>
  stat({
    title: 'Writes taken',
    description,
    unit: 'short',
    query: `min(storage_writable{${HERE}})`,
    mappings: oneOf('No', 'Yes'),
    thresholds: [
      [null, 'red'],
      [1, 'green'],
    ],
  });

export const damagedFiles = (description) =>
  stat({
    title: 'Damaged files',
    description,
    unit: 'short',
    query: `sum(storage_quarantined_files{${HERE}})`,
    thresholds: [
      [null, 'green'],
      [1, 'red'],
    ],
  });

export const diskFree = (description) =>
  stat({
    title: 'Disk free',
    description,
    unit: 'percentunit',
    decimals: 1,
    query: `min(storage_disk_free_bytes{${HERE}} / storage_disk_size_bytes{${HERE}})`,
    thresholds: [
      [null, 'red'],
      [0.05, 'orange'],
      [0.15, 'green'],
    ],
  });

/** The texts of 0, which is bad, and of 1, which is well. */
export const oneOf = (bad, well) => [
  {
    type: 'value',
    options: {
      0: { text: bad, color: 'red', index: 0 },
      1: { text: well, color: 'green', index: 1 },
    },
  },
];

/**
 * Of a histogram: what a part of all that it observed stayed below.
 * @param by the labels that tell lines apart
 * @param matchers of its labels, beside the chosen instances
 */
export const quantile = (part, histogram, { by = [], matchers = [] } = {}) =>
  `histogram_quantile(${part}, sum by (${['le', ...by].join(', ')}) (rate(${histogram}_bucket{${[...matchers, HERE].join(',')}}[${RATE}])))`;

/** The queries of the lines p50, p95 and p99. */
export const quantiles = (histogram, options) =>
  Object.fromEntries(
    [0.5, 0.95, 0.99].map((part) => [`p${part * 100}`, quantile(part, histogram, options)]),
  );

function described(builder, { title, description, unit, decimals }) {
  for (const text of [title, description, unit]) assert(text, `a panel says all: ${title}`);
  builder.title(title).description(description).unit(unit).datasource(DATASOURCE);
  return decimals === undefined ? builder : builder.decimals(decimals);
}

function query(expr, { legend = '__auto', refId = 'A', instant = false }) {
  const built = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .editorMode(QueryEditorMode.Code)
    .expr(expr)
    .legendFormat(legend)
    .refId(refId);
  return instant ? built.instant() : built.range();
}

function thresholdsOf(steps = [[null, 'green']]) {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
}
