import { Injectable } from '@nestjs/common';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  stripIgnoredCharacters,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Config } from '../../config/environment.js';
import { DirectResolvers } from './direct-resolvers.js';
import { PreparedOperation } from './prepared-operation.js';

/**
 * Front ends have tens of operations; whoever writes queries by hand, or by program, pushes out others. A parsed
 * document takes about 30 bytes for each character of its text, and its compiled form 60.
 */
const TEXT_CHARACTERS_MAX_ALL = 524_288;
/** A longer text is data more than a question: nobody sends it twice. */
const TEXT_CHARACTERS_MAX = 65_536;

/** A valid document, by its text without white space and comments; or nothing for an invalid one. */
interface PreparedDocument {
  readonly document: DocumentNode;
  readonly text: string;
  readonly operations: Map<string | null, PreparedOperation | undefined>;
}

const INVALID = Symbol('invalid');

/** Parses and validates each query once, by the rules of graphql-js that Apollo applies too. */
@Injectable()
export class PreparedOperations {
  private readonly byText = new LRUCache<string, PreparedDocument | typeof INVALID>({
    maxSize: TEXT_CHARACTERS_MAX_ALL,
    sizeCalculation: (_, text) => text.length + 1,
  });

  constructor(
    private readonly schemaHost: GraphQLSchemaHost,
    private readonly config: Config,
    private readonly directly: DirectResolvers,
  ) {}

  /** Undefined for what is no valid query; the reference executor tells why. */
  prepare(text: string, operationName: string | null): PreparedOperation | undefined {
    if (text.length > TEXT_CHARACTERS_MAX) return undefined;
    let prepared = this.byText.get(text);
    if (prepared === undefined) {
      prepared = this.document(text);
      this.byText.set(text, prepared);
    }
    if (prepared === INVALID) return undefined;
    const { operations } = prepared;
    if (operations.has(operationName)) return operations.get(operationName);
    const operation = this.operation(prepared, operationName);
    // Names that do not exist would be endless.
    if (operation) operations.set(operationName, operation);
    return operation;
  }

  private document(text: string): PreparedDocument | typeof INVALID {
    const document = this.parsed(text);
    if (document === undefined) return INVALID;
    if (validate(this.schemaHost.schema, document, undefined, { maxErrors: 1 }).length > 0) {
      return INVALID;
    }
    const stripped = stripIgnoredCharacters(text);
    const known = stripped === text ? undefined : this.byText.get(stripped);
    if (known !== undefined && known !== INVALID) return known;
    const prepared = { document, text: stripped, operations: new Map() };
    this.byText.set(stripped, prepared);
    return prepared;
  }

  private parsed(text: string): DocumentNode | undefined {
    try {
      return parse(text, { maxTokens: this.config.queryTokensMax, noLocation: true });
    } catch (error) {
      if (error instanceof GraphQLError) return undefined;
      throw error;
    }
  }

  private operation(
    { document, text }: PreparedDocument,
    operationName: string | null,
  ): PreparedOperation | undefined {
    const definition = getOperationAST(document, operationName);
    if (definition?.operation !== OperationTypeNode.QUERY) return undefined;
    return new PreparedOperation(
      text,
      this.schemaHost.schema,
      document,
      definition,
      this.config.queryComplexityMax,
      this.directly,
    );
  }
}
