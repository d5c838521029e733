import { isCertainlyGone } from '../../lib/engine/process-identity.js';

/** Started by process-identity.test.ts, as a user to whom the processes of others are hidden: what it takes for gone. */
process.stdout.write(JSON.stringify(process.argv.slice(2).map(isCertainlyGone)));
