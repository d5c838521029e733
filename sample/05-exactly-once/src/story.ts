import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { SCHEMA } from '../../postgres-schema.js';
import { HandlerCall, Movement } from './bank.js';
import type { Transfer } from './transfer.saga.js';

export interface Story {
  readonly title: string;
  readonly transferId: string;
  readonly transfer: Transfer;
  /** The step in whose handler the first worker is killed; absent for a worker that lives. */
  readonly killedIn?: string;
}

const STEPS = ['debit', 'credit', 'send-receipt'] as const;
const ACCOUNTS: Partial<Record<(typeof STEPS)[number], 'from' | 'to'>> = { debit: 'from', credit: 'to' };

/** Lets one worker begin, kills it (SIGKILL), and lets another one finish. */
export async function play({ killedIn, ...story }: Story): Promise<void> {
  const first = startWorker({ ...story, ...(killedIn !== undefined && { killedIn }) });
  await Promise.race([once(first, 'message'), once(first, 'exit').then(neverStuck)]);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const [code] = (await once(startWorker(story), 'exit')) as readonly (number | null)[];
  if (code !== 0) throw new Error(`The second worker ended with ${String(code)}.`);
}

function neverStuck(): never {
  throw new Error('The first worker ended before it came to where it was to be killed.');
}

function startWorker(story: Story): ReturnType<typeof fork> {
  const worker = path.join(import.meta.dirname, 'worker.ts');
  return fork(worker, [JSON.stringify(story)], { env: { ...process.env, SAGA_SCHEMA: SCHEMA } });
}

/** Prints how often each handler was called, and what of it is in the database. Tells whether that is as it should be. */
export async function report({ title, transferId, transfer }: Story, { manager }: DataSource): Promise<boolean> {
  const calls = await manager.findBy(HandlerCall, { transferId });
  const movements = await manager.findBy(Movement, { transferId });
  console.log(`\n${title}\n`);
  for (const step of STEPS) {
    const called = calls.filter((call) => call.step === step).length;
    const account = ACCOUNTS[step];
    const rows = movements.filter((row) => account !== undefined && row.account === transfer[account]);
    const moved =
      account === undefined
        ? 'no row: it is a letter'
        : `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}: ${rows.map(({ cents }) => cents).join(', ')} cents`;
    console.log(`  ${step.padEnd(14)} called ${called}×   ${moved}`);
  }
  const sum = movements.reduce((cents, row) => cents + row.cents, 0);
  const isBalanced = movements.length === 2 && sum === 0;
  console.log(
    `  ${isBalanced ? '✓ each movement is there once, and they balance' : `✗ ${movements.length} movements, sum ${sum}`}`,
  );
  return isBalanced;
}
