// The tests of the Helm chart run Helm. Says what to do where there is none; with --install, builds it with Go, which
// takes some minutes. Ends with 0 where Helm is there, with 1 where it is not.

import { helmPath, HOW_TO_GET_HELM, installHelm } from './helm.mjs';

if (!helmPath() && process.argv.includes('--install')) {
  process.stdout.write('Building Helm …\n');
  installHelm();
}
if (!helmPath()) {
  process.stderr.write(`${HOW_TO_GET_HELM}\n`);
  process.exit(1);
}
