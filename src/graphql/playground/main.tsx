/**
 * The interactive playground: GraphiQL, talking to the service that served it.
 * It runs in the browser only and imports nothing from the service; it must never load anything
 * from another origin, because it has to work on a machine without internet.
 */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { GraphiQL, type GraphiQLProps } from 'graphiql';
import { type ExecutionResult, GraphQLError, Kind, parse } from 'graphql';
import { createRoot } from 'react-dom/client';

const TITLE = 'EconGraph Financial Data Service';
const GRAPHQL_PATH = '/graphql';

// At most 49 columns, which is what the editor shows in a window 1280 pixels wide. The operations
// are named so that the second can be uncommented and run beside the first: GraphQL allows an
// anonymous operation only where it is alone.
const DEFAULT_QUERY = `# ${TITLE}
#
# Ctrl-Enter (Cmd-Enter on a Mac): run the query
# Ctrl-Space: complete a name
# Icons at the top left: documentation of the
# schema, and the queries you ran before

query FirstSeries {
  listSeries(limit: 5) {
    id
    externalId
    title
    frequency
    units
    dataPointCount
    lastDate
  }
}

# Two years of one series: put in an id from the
# answer, select the lines, uncomment them with
# Ctrl-/ and press Ctrl-Enter.
#
# query TwoYears {
#   series(
#     id: "123e4567-e89b-12d3-a456-426614174000"
#   ) {
#     title
#     dataPoints(
#       startDate: "2008-01-01"
#       endDate: "2009-12-31"
#     ) { date value }
#   }
# }
`;

/**
 * Sends one operation and returns the GraphQL answer, whatever its HTTP status: refused queries
 * come back as 4xx with their errors in the body, and those are what the user needs to see.
 * An answer that is not JSON (from a proxy in between, say) becomes an error that says so.
 */
const fetcher: GraphiQLProps['fetcher'] = async ({ operationName, ...operation }, options) => {
  const response = await fetch(GRAPHQL_PATH, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...options?.headers,
    },
    body: JSON.stringify(
      operationCount(operation.query) > 1 ? { ...operation, operationName } : operation,
    ),
  });
  const body = await response.text();
  try {
    return JSON.parse(body) as ExecutionResult;
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    return { errors: [new GraphQLError(`POST ${GRAPHQL_PATH} answered ${status}, not JSON.`)] };
  }
};

/**
 * A name is sent only where there is a choice: GraphiQL learns the name of an edited operation
 * 100 ms after the last keystroke, and whoever presses Ctrl-Enter sooner would send the new query
 * under the old name, which the server refuses.
 */
function operationCount(query: string): number {
  try {
    return parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  } catch {
    return 0; // not GraphQL; the server's answer says where
  }
}

const container = document.getElementById('playground');
if (!container) throw new Error('index.html has no element with the id "playground".');

createRoot(container).render(
  <GraphiQL fetcher={fetcher} defaultQuery={DEFAULT_QUERY}>
    <GraphiQL.Logo>{TITLE}</GraphiQL.Logo>
  </GraphiQL>,
);
