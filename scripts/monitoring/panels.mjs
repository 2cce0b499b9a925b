// From what a panel shows to a panel: one look for all dashboards. A panel that lacks a title, a unit or a
// description is refused.

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

/** Whether a value of 1 means well. */
export const YES_OR_NO = [
  {
    type: 'value',
    options: {
      0: { text: 'No', color: 'red', index: 0 },
      1: { text: 'Yes', color: 'green', index: 1 },
    },
  },
];

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
