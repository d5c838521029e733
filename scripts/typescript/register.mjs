/**
 * Lets Node run the repository's TypeScript from source: `node --import ./scripts/typescript/register.mjs file.ts`.
 * Samples, benchmarks and the child processes of the tests start this way, so that none of them can run a stale build.
 */
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
process.setSourceMapsEnabled(true);
