// An operation that was parsed and validated once, and is costed and compiled once for each way in which its
// variables matter to that.

import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { complexityOf, PAGE_ARGUMENTS } from '../complexity.js';
import { canonicalJson } from './canonical-json.js';
import { compile, type CompiledOperation, type Fragments } from './compile.js';
import type { DirectResolvers } from './direct-resolvers.js';
import { VariableValues } from './variables.js';

type Variables = Readonly<Record<string, unknown>>;

/** Ways in which operations were compiled, in characters of their texts. */
const COMPILED_CHARACTERS_MAX = 524_288;
/** Costs that were found of one operation: pages have few lengths. */
const COSTS_MAX = 64;
/** Of an average that follows the newest tens of answers. */
const NEWEST_SHARE = 0.1;

/** Of all operations, by their ids and the values of the variables that decide what is compiled. */
const compiledOperations = new LRUCache<string, CompiledOperation>({
  maxSize: COMPILED_CHARACTERS_MAX,
});

let idsGiven = 0;

export class PreparedOperation {
  /** Different from that of every other operation of this process. */
  readonly id = `${++idsGiven}:`;
  /** As the operation declares them. */
  readonly variableNames: readonly string[];
  private average = 0;
  private readonly values: VariableValues;
  private readonly fragments: Fragments;
  /** Variables that decide whether fields are asked for at all. */
  private readonly conditions: readonly string[];
  /** Variables that decide how many fields the answer can have. */
  private readonly costVariables: readonly string[];
  private readonly costs = new LRUCache<string, number>({ max: COSTS_MAX });

  constructor(
    /** The query without white space and comments. */
    readonly text: string,
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode,
    readonly definition: OperationDefinitionNode,
    private readonly complexityMax: number,
    private readonly directly: DirectResolvers,
  ) {
    this.values = new VariableValues(schema, definition);
    this.variableNames = (definition.variableDefinitions ?? []).map(
      ({ variable }) => variable.name.value,
    );
    const fragments: Record<string, Fragments[string]> = {};
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
    }
    this.fragments = fragments;
    const { conditions, pages } = decisiveVariables(document);
    this.conditions = this.variableNames.filter((name) => conditions.has(name));
    this.costVariables = this.variableNames.filter(
      (name) => conditions.has(name) || pages.has(name),
    );
  }

  /** How long its answers took to make of late. */
  get milliseconds(): number {
    return this.average;
  }

  noteMilliseconds(milliseconds: number): void {
    this.average += (milliseconds - this.average) * NEWEST_SHARE;
  }

  /** The variables that were sent and that it knows, as JSON that is the same for equal ones. */
  sentOf(sent: Variables): string {
    return this.variableNames.map((name) => canonicalJson(sent[name])).join();
  }

  /** @returns undefined where one is missing or wrong */
  coerced(sent: Variables): Variables | undefined {
    return this.values.coerced(sent);
  }

  /**
   * @param variables coerced
   * @throws where only the reference executor knows how
   */
  compiledFor(variables: Variables): CompiledOperation {
    const values = this.conditions.map((name) => variables[name]);
    const way = this.id + JSON.stringify(values);
    let compiled = compiledOperations.get(way);
    if (!compiled) {
      const conditions = Object.fromEntries(this.conditions.map((name) => [name, variables[name]]));
      compiled = compile(this.schema, this.definition, this.fragments, conditions, this.directly);
      compiledOperations.set(way, compiled, { size: this.text.length });
    }
    return compiled;
  }

  /**
   * Whether it may be executed; where it may not, somebody else says why.
   * @param sent the variables as they were sent
   * @param variables the same, coerced
   */
  isAffordable(sent: Variables, variables: Variables): boolean {
    const way = JSON.stringify(this.costVariables.map((name) => weight(variables[name])));
    let cost = this.costs.get(way);
    if (cost === undefined) {
      cost = this.costOf(sent);
      // What is wrong with these variables may be right with others that weigh the same.
      if (cost === undefined) return false;
      this.costs.set(way, cost);
    }
    return cost <= this.complexityMax;
  }

  private costOf(variables: Variables): number | undefined {
    const { schema, document, definition } = this;
    const operationName = definition.name?.value;
    try {
      return complexityOf({ schema, document, operationName, variables }, this.complexityMax);
    } catch (error) {
      // The reference executor finds the same and says it in words.
      if (error instanceof GraphQLError) return undefined;
      throw error;
    }
  }
}

/** Of a list only its length matters. */
function weight(value: unknown): unknown {
  return Array.isArray(value) ? { length: value.length } : value;
}

function decisiveVariables(document: DocumentNode) {
  const conditions = new Set<string>();
  const pages = new Set<string>();
  visit(document, {
    Directive: (directive) => collectVariables(directive, conditions),
    Argument: (argument) => {
      if (PAGE_ARGUMENTS.has(argument.name.value)) collectVariables(argument, pages);
    },
  });
  return { conditions, pages };
}

function collectVariables(node: Parameters<typeof visit>[0], into: Set<string>): void {
  visit(node, { Variable: ({ name }) => void into.add(name.value) });
}
