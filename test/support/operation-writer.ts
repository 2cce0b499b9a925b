// Writes the document of a drawn operation: selections, fragments, aliases, directives and variables. Names of
// answers mostly do not collide, so that most documents are valid.

import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { ArgumentSource, DrawnVariable } from './operation-arguments.js';
import type { Random } from './random.js';

interface Fragment {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** That its selections use, and so the operations that spread it have to define. */
  readonly variables: ReadonlySet<string>;
}

interface Definition extends DrawnVariable {
  readonly text: string;
}

/** Where selections are written. */
interface Place {
  readonly depth: number;
  /** Name in the answer, to the field and its arguments. */
  readonly taken: Map<string, string>;
  /** What is selected here is merged into places that are not known. */
  readonly isFragment: boolean;
}

export interface DrawnDocument {
  readonly text: string;
  /** Of the operations that have one. */
  readonly names: readonly string[];
  readonly variables: readonly DrawnVariable[];
}

const DEPTH_MAX = 5;
const SELECTIONS_MAX = 45;

const ROOT_FIELDS = [
  ...['series', 'series', 'series', 'series', 'series', 'dataPoints', 'dataPoints', 'dataPoints'],
  ...['seriesByIds', 'seriesByIds', 'listSeries', 'listSeries', 'seriesConnection', 'searchSeries'],
  ...['seriesConnection', 'findSeriesByExternalId', 'findSeriesByDateRange', 'dataPoint'],
  ...['revisionHistory', 'vintages', 'vintages', 'vintageMatrix', 'coverage', 'catalogStats'],
  ...['dataFreshness', 'sources', 'source', 'changes', 'health'],
];

const INTROSPECTION = [
  '__schema { queryType { name } mutationType { name fields { name } } directives { name args { name defaultValue } } }',
  '__type(name: "DataPoint") { kind name description fields { name type { kind name ofType { kind name } } } }',
  '__type(name: "Nope") { name }',
  '__schema { types { kind name enumValues { name } possibleTypes { name } } }',
];

const FAULTS = [
  'nope',
  'id { x }',
  '...Nope',
  '__typename(x: 1)',
  '__typename @nope',
  '__typename @skip',
  '__typename @include(if: "yes")',
  '__typename @include(if: $undefined)',
  '... on Int { x }',
  '... on DataSource { id }',
  'series',
  'title(x: 1)',
];

export class OperationWriter {
  private readonly fragments: Fragment[] = [];
  private readonly definitions = new Map<string, Definition>();
  /** Variables used by the operation or fragment that is being written. */
  private used = new Set<string>();
  private names = 0;
  private selections = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly source: ArgumentSource,
    private readonly random: Random,
    private readonly rootFields: readonly string[] = ROOT_FIELDS,
  ) {}

  document(): DrawnDocument {
    const { random } = this;
    const count = random.chance(0.12) ? 2 + random.below(2) : 1;
    const isNamed = count > 1 || random.chance(0.4);
    const names = isNamed ? Array.from({ length: count }, (_, index) => `Q${index}`) : [];
    const written = Array.from({ length: count }, (_, index) => this.operation(names[index]));
    const definitions = this.fragments.map(
      ({ name, type, text }) => `fragment ${name} on ${type} ${text}`,
    );
    if (random.chance(0.004)) definitions.push('fragment Unused on DataPoint { value }');
    const all = random.chance(0.3) ? [...definitions, ...written] : [...written, ...definitions];
    return { text: all.join('\n'), names, variables: [...this.definitions.values()] };
  }

  private operation(name: string | undefined): string {
    this.used = new Set();
    this.selections = 0;
    const query = this.schema.getQueryType()!;
    const body = this.selectionSet(query, { depth: 0, taken: new Map(), isFragment: false });
    const variables = [...this.used].map((used) => this.definitions.get(used)!.text);
    if (this.random.chance(0.005)) variables.push('$unused: Int');
    if (name === undefined && variables.length === 0) return body;
    const list = variables.length > 0 ? `(${variables.join(', ')})` : '';
    return `query ${name ?? ''}${list} ${body}`;
  }

  private selectionSet(type: GraphQLObjectType, place: Place): string {
    const { random } = this;
    const isRoot = type === this.schema.getQueryType();
    const count = 1 + random.below(isRoot ? 3 : 5);
    const written: string[] = [];
    for (let n = 0; n < count; n++) {
      const selection = this.selection(type, place);
      written.push(selection);
      // Twice the same is merged.
      if (random.chance(0.04)) written.push(selection);
    }
    return `{ ${written.join(' ')} }`;
  }

  private selection(type: GraphQLObjectType, place: Place): string {
    const { random } = this;
    this.selections++;
    if (random.chance(0.0015)) return random.pick(FAULTS);
    if (random.chance(0.05)) return `__typename${this.directives()}`;
    if (place.depth < DEPTH_MAX && this.selections < SELECTIONS_MAX) {
      if (random.chance(0.1)) return this.inlineFragment(type, place);
      if (random.chance(0.1)) return this.fragmentSpread(type, place);
    }
    return this.field(type, place);
  }

  private inlineFragment(type: GraphQLObjectType, place: Place): string {
    const condition = this.random.chance(0.6) ? ` on ${type.name}` : '';
    // Its selections stand where it stands.
    const inner = { ...place, depth: place.depth + 1 };
    return `...${condition}${this.directives()} ${this.selectionSet(type, inner)}`;
  }

  private fragmentSpread(type: GraphQLObjectType, { depth }: Place): string {
    const { random } = this;
    const known = this.fragments.filter((fragment) => fragment.type === type.name);
    const spread = (fragment: Fragment): string => {
      for (const variable of fragment.variables) this.used.add(variable);
      return `...${fragment.name}${this.directives()}`;
    };
    if (known.length > 0 && random.chance(0.6)) return spread(random.pick(known));
    const outer = this.used;
    this.used = new Set();
    const place = { depth: depth + 1, taken: new Map<string, string>(), isFragment: true };
    const text = this.selectionSet(type, place);
    const name = `F${this.fragments.length}`;
    const fragment = { name, type: type.name, text, variables: this.used };
    this.fragments.push(fragment);
    this.used = outer;
    return spread(fragment);
  }

  private field(type: GraphQLObjectType, place: Place): string {
    const { random } = this;
    const isRoot = type === this.schema.getQueryType();
    if (isRoot && random.chance(0.01)) return random.pick(INTROSPECTION);
    const field = this.chooseField(type, place);
    if (field === undefined) return '__typename';
    const args = this.argumentsOf(field);
    const fieldType = getNamedType(field.type);
    const alias = this.aliasOf(field.name, args, place);
    const head = `${alias}${field.name}${args}${this.directives()}`;
    if (isLeafType(fieldType)) return head;
    const inner = { depth: place.depth + 1, taken: new Map<string, string>() };
    const { isFragment } = place;
    return `${head} ${this.selectionSet(fieldType as GraphQLObjectType, { ...inner, isFragment })}`;
  }

  private chooseField(type: GraphQLObjectType, { depth }: Place) {
    const { random } = this;
    const fields = type.getFields();
    if (type === this.schema.getQueryType()) return fields[random.pick(this.rootFields)];
    const isDeep = depth >= DEPTH_MAX || this.selections >= SELECTIONS_MAX;
    const all = Object.values(fields);
    const leaves = all.filter((field) => isLeafType(getNamedType(field.type)));
    if (!isDeep) return random.pick(all);
    return leaves.length > 0 ? random.pick(leaves) : undefined;
  }

  /** Nothing, or `name: ` where the name of the field means something else already. */
  private aliasOf(name: string, args: string, { taken, isFragment }: Place): string {
    const { random } = this;
    const meant = name + args;
    const isFree = (taken.get(name) ?? meant) === meant && !(isFragment && args !== '');
    if (isFree && !random.chance(0.12)) {
      taken.set(name, meant);
      return '';
    }
    // One that looks like another field, one that must not be taken for a property, and one of no meaning.
    const odd = random.pick(['title', 'value', 'toString', 'constructor', '_', 'data']);
    const alias = random.chance(0.1) && !taken.has(odd) ? odd : `a${this.names++}`;
    taken.set(alias, meant);
    return `${alias}: `;
  }

  private directives(): string {
    const { random } = this;
    if (!random.chance(0.08)) return '';
    const both = ['skip', 'include'];
    const chosen = random.chance(0.2) ? both : [random.pick(both)];
    return chosen.map((name) => ` @${name}(if: ${this.condition()})`).join('');
  }

  private condition(): string {
    if (this.random.chance(0.5)) return String(this.random.chance(0.5));
    const type = this.schema.getDirective('skip')!.args[0]!.type;
    return this.variable(type, 'if', this.random.chance(0.5)) ?? 'true';
  }

  private argumentsOf(field: GraphQLField<unknown, unknown>): string {
    if (field.args.length === 0) return '';
    const chosen = this.source.of(field.args);
    const entries = field.args
      .filter(({ name }) => name in chosen)
      .map(({ name, type }) => `${name}: ${this.written(chosen[name], type, name)}`);
    return entries.length === 0 ? '' : `(${entries.join(', ')})`;
  }

  /** As a literal, as a variable, or as a literal that has variables in it. */
  private written(value: unknown, type: GraphQLInputType, about: string): string {
    const { random } = this;
    if (random.chance(0.3)) {
      const variable = this.variable(type, about, value);
      if (variable !== undefined) return variable;
    }
    const inner = isNonNullType(type) ? type.ofType : type;
    if (value === null || value === undefined) return 'null';
    if (isListType(inner) && Array.isArray(value)) {
      return `[${value.map((item) => this.written(item, inner.ofType, about)).join(', ')}]`;
    }
    if (isInputObjectType(inner) && typeof value === 'object') {
      const fields = inner.getFields();
      const entries = Object.entries(value).map(
        ([key, child]) => `${key}: ${this.written(child, fields[key]!.type, key)}`,
      );
      return `{ ${entries.join(', ')} }`;
    }
    if (isEnumType(inner) && typeof value === 'string') return value;
    if (typeof value === 'string' && random.chance(0.1) && /^[\w .-]*$/.test(value)) {
      return `"""${value}"""`;
    }
    return JSON.stringify(value);
  }

  /** @returns undefined where a variable of that type cannot stand here */
  private variable(type: GraphQLInputType, about: string, value: unknown): string | undefined {
    const { random } = this;
    const known = [...this.definitions.values()].filter(
      (definition) => definition.about === about && String(definition.type) === String(type),
    );
    if (known.length > 0 && random.chance(0.3)) {
      const { name } = random.pick(known);
      this.used.add(name);
      return `$${name}`;
    }
    const name = random.chance(0.05) ? `_${this.names++}` : `v${this.names++}`;
    const isRequired = isNonNullType(type);
    const hasDefault = random.chance(0.3) && (value !== null || !isRequired);
    // A variable that may be null may stand for one that may not, if it has a default.
    const declared = isRequired && hasDefault && random.chance(0.5) ? type.ofType : type;
    const strict = !isRequired && value !== null && random.chance(0.15) ? `${String(type)}!` : '';
    const typeText = random.chance(0.005) ? 'Int' : strict || String(declared);
    const given = hasDefault ? ` = ${this.constant(value, type)}` : '';
    this.definitions.set(name, {
      name,
      type,
      about,
      value: hasDefault ? this.source.value(type, about) : value,
      isOptional: hasDefault || (!isRequired && strict === ''),
      text: `$${name}: ${typeText}${given}`,
    });
    this.used.add(name);
    return `$${name}`;
  }

  private constant(value: unknown, type: GraphQLInputType): string {
    const inner = isNonNullType(type) ? type.ofType : type;
    if (isListType(inner) && Array.isArray(value)) {
      return `[${value.map((item) => this.constant(item, inner.ofType)).join(', ')}]`;
    }
    if (isInputObjectType(inner) && typeof value === 'object' && value !== null) {
      const fields = inner.getFields();
      const entries = Object.entries(value).map(
        ([key, child]) => `${key}: ${this.constant(child, fields[key]!.type)}`,
      );
      return `{${entries.join(' ')}}`;
    }
    if (isEnumType(inner) && typeof value === 'string') return value;
    return JSON.stringify(value ?? null);
  }
}
