import { Command } from 'commander';

const EXAMPLES = `
Examples:
  $ econ-graph-financial-data serve
  $ DATA_DIR=/srv/econ PORT=8080 LOG_LEVEL=warn econ-graph-financial-data serve

Settings are environment variables; docs/configuration.md has them all.`;

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
