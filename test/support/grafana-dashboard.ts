// What Grafana takes, as types of its own SDK, with those of the panels that are used filled in where the SDK says
// `any`. A test makes a JSON schema of it: a field that is not one of Grafana's is refused.

import type {
  Dashboard,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type {
  FieldConfig as TableFields,
  Options as TableOptions,
} from '@grafana/grafana-foundation-sdk/table';
import type {
  FieldConfig as TimeseriesFields,
  Options as TimeseriesOptions,
} from '@grafana/grafana-foundation-sdk/timeseries';

type PrometheusQuery = Omit<Dataquery, '_implementsDataqueryVariant'>;

/** All that each of our panels says, beside what the SDK requires. */
type Said = Required<Pick<Panel, 'id' | 'title' | 'description' | 'datasource' | 'gridPos'>>;

interface Fields<Custom> extends Omit<FieldConfigSource, 'defaults'> {
  readonly defaults: Omit<FieldConfig, 'custom' | 'unit'> & {
    readonly unit: string;
    readonly custom?: Custom;
  };
}

interface PanelOf<Type extends string, Options, Custom>
  extends Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig' | keyof Said>, Said {
  readonly type: Type;
  readonly options: Options;
  readonly targets: PrometheusQuery[];
  readonly fieldConfig: Fields<Custom>;
}

export type ChartPanel = PanelOf<'timeseries', TimeseriesOptions, TimeseriesFields>;
export type StatPanel = PanelOf<'stat', StatOptions, never>;
export type TablePanel = PanelOf<'table', TableOptions, TableFields>;
export type ShownPanel = ChartPanel | StatPanel | TablePanel;

export interface StoredDashboard extends Omit<
  Dashboard,
  'id' | 'version' | 'panels' | 'uid' | 'title' | 'tags'
> {
  readonly uid: string;
  readonly title: string;
  readonly tags: string[];
  readonly panels: (ShownPanel | RowPanel)[];
}
