import { parseArgs } from 'node:util';
import { inFlight } from './cases/in-flight.js';
import { inMemory, inMemoryIntercepted } from './cases/memory.js';
import { onMysql } from './cases/mysql.js';
import { onPostgres } from './cases/postgres.js';
import { onRedis } from './cases/redis.js';
import { recoverable } from './cases/recoverable.js';
import { resume } from './cases/resume.js';
import { sqliteAtOnce, sqliteOneAtATime } from './cases/sqlite.js';
import { picture } from './picture/throughput.js';
import { toJson, toText } from './report.js';

const CASES = [
  inMemory,
  inMemoryIntercepted,
  sqliteOneAtATime,
  sqliteAtOnce,
  ...onPostgres,
  ...onMysql,
  ...onRedis,
  ...inFlight,
  ...resume,
  ...recoverable,
];

const { values } = parseArgs({
  options: {
    /** One line of JSON for each finding. */
    json: { type: 'boolean', default: false },
    /** Only cases whose name has this in it. */
    case: { type: 'string', multiple: true, default: [''] },
    /** Rounds that alternate; medians are taken over them. */
    rounds: { type: 'string', default: '9' },
    /** No cases, but throughput against concurrency, drawn into this file. */
    picture: { type: 'string' },
  },
});

const rounds = Number(values.rounds);
if (!(rounds >= 1)) throw new Error(`--rounds must be a number from 1 on, not ${values.rounds}`);
if (values.picture === undefined) await runCases();
else await picture(values.picture, rounds);

async function runCases(): Promise<void> {
  const chosen = CASES.filter(({ name }) => values.case.some((wanted) => name.includes(wanted)));
  if (chosen.length === 0) throw new Error(`--case must be one of ${CASES.map(({ name }) => name).join(', ')}`);
  for (const { run } of chosen) {
    for (const finding of await run(rounds)) console.log(values.json ? toJson(finding) : `${toText(finding)}\n`);
  }
}
