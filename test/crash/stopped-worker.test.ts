import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../e2e/eventually.js';
import { CrashRun } from './crash-run.js';
import type { RunningChild } from './run-child.js';

const SHORT_LEASE = { recovery: { interval: 50 }, lease: { duration: 1_000 } };

const children: RunningChild[] = [];
afterEach(() => {
  for (const { process } of children.splice(0)) process.kill('SIGKILL');
});

function start(run: CrashRun, { starts }: { readonly starts: boolean }): RunningChild {
  const child = run.start({ starts });
  children.push(child);
  return child;
}

describe('a worker that was stopped past its lease and goes on', () => {
  it('changes nothing: its late write is refused, and its caller hears that others finished the saga', async () => {
    const run = new CrashRun('held', SHORT_LEASE);
    const stopped = start(run, { starts: true });
    await eventually(() => expect(run.effects().map(({ step }) => step)).toContain('B'), 20_000);
    stopped.process.kill('SIGSTOP');

    const other = start(run, { starts: false });
    await eventually(() => expect(run.effects().filter(({ step }) => step === 'B')).toHaveLength(2), 20_000);
    run.openGate();
    expect(await other.ended).toMatchObject({ code: 0, errors: '' });
    const finished = await run.stored();
    expect(finished.saga?.record.status).toBe('COMPLETED');

    stopped.process.kill('SIGCONT');
    expect(await stopped.ended).toMatchObject({ code: 0, said: 'SagaInterruptedError', errors: '' });
    const { saga, history } = await run.stored();
    expect(saga?.record).toEqual(finished.saga?.record);
    expect(history).toEqual(finished.history);
    expect(run.effects().map(({ step, attempt }) => `${step}${String(attempt)}`)).toEqual(['A1', 'B1', 'B2', 'C1']);
    run.dispose();
  }, 60_000);
});
