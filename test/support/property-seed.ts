// In continuous integration the properties run from one seed, so that a commit is judged the same way every
// time; everywhere else each run tries other cases, and a failure prints the seed that replays it.

import fc from 'fast-check';

if (process.env['CI']) fc.configureGlobal({ seed: 20_261_123 });
