// Reads what /metrics answers, as far as `doctor` needs it: samples by name and labels, in the text format of
// Prometheus.

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class MetricsText {
  private readonly samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const match = SAMPLE.exec(line);
      if (!match) continue;
      const [, name, labels = '', value] = match;
      const sample = {
        labels: labelsOf(labels),
        value: Number(value),
      };
      const known = this.samples.get(name!);
      if (known) known.push(sample);
      else this.samples.set(name!, [sample]);
    }
  }

  /** Of the largest sample, whatever its labels; undefined where there is none, or none that is a number. */
  value(name: string): number | undefined {
    const samples = this.matching(name, {}).filter(({ value }) => !Number.isNaN(value));
    return samples.length === 0 ? undefined : Math.max(...samples.map(({ value }) => value));
  }

  sum(name: string, labels: Readonly<Record<string, string>>): number {
    return this.matching(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** All values of a label. */
  labels(name: string, label: string): string[] {
    const values = (this.samples.get(name) ?? []).flatMap(({ labels }) => labels[label] ?? []);
    return [...new Set(values)];
  }

  private matching(name: string, wanted: Readonly<Record<string, string>>): Sample[] {
    return (this.samples.get(name) ?? []).filter(({ labels }) =>
      Object.entries(wanted).every(([label, value]) => labels[label] === value),
    );
  }
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name, value]) => [name!, value!] as const);
  return Object.fromEntries(pairs);
}
