import { Command } from 'commander';

const EXAMPLES = `
Examples:
  $ econ-graph-financial-data serve
  $ DATA_DIR=/srv/econ PORT=8080 LOG_LEVEL=warn econ-graph-financial-data serve

Settings are environment variables; docs/configuration.md has them all. Exit codes: 0 stopped in order, 1 could not start, 2 wrong
usage, 128 and the number of the signal where a second one ended it.`;

/** `serve`: starts the service and runs until it is told to stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('start the service: GraphQL and the playground on PORT (3001)')
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      // Loaded here, so that --help need not wait for the whole application.
      const { serve } = await import('../serve.js');
      await serve(process.env);
    });
}
