import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases/all.js';
import type { Finding } from './finding.js';
import { picture } from './picture/throughput.js';
import { toJson, toText } from './report.js';

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
  for (const { name } of chosen) {
    for (const finding of await findingsOf(name)) console.log(values.json ? toJson(finding) : `${toText(finding)}\n`);
  }
}

/** In a process of its own: what one case leaves behind, compiled or allocated, is not the next one's. */
async function findingsOf(name: string): Promise<readonly Finding[]> {
  const script = fileURLToPath(new URL('case-process.ts', import.meta.url));
  const child = fork(script, [name, String(rounds)], { serialization: 'advanced' });
  let findings: readonly Finding[] | undefined;
  child.on('message', (found) => (findings = found as readonly Finding[]));
  await once(child, 'close');
  if (findings === undefined) throw new Error(`${name} has not come to its end.`);
  return findings;
}
