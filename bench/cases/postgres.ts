import type { BenchCase } from '../finding.js';
import { postgres } from '../servers/postgres.js';
import { idle } from './idle.js';
import { interrupted } from './interrupted.js';
import { writes } from './writes.js';
import { atOnce, goingBack, longer, oneAtATime } from './server.js';

/** What is promised on PostgreSQL. */
export const onPostgres: readonly BenchCase[] = [
  oneAtATime(postgres, { most: 1.25 }),
  atOnce({
    server: postgres,
    name: '64-at-once',
    load: { sagas: 4_000, atOnce: 64 },
    least: 0.8,
    peers: [
      { peer: 'dbos', times: 12, sagas: 200 },
      { peer: 'bullmq', times: 2, sagas: 2_000 },
    ],
  }),
  atOnce({
    server: postgres,
    name: '1000-at-once',
    load: { sagas: 8_000, atOnce: 1_000 },
    least: 0.8,
    peers: [
      { peer: 'dbos', times: 30, sagas: 1_000 },
      { peer: 'bullmq', times: 4, sagas: 4_000 },
    ],
  }),
  goingBack(postgres, { least: 0.75 }),
  longer(postgres),
  interrupted(postgres, { least: 0.8 }),
  writes(postgres),
  idle(postgres, { counter: 'commits', most: 2 }),
];
