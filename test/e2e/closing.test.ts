import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import { bundled } from '../../scripts/typescript/bundled.mjs';
import { saga } from './application.js';
import { hang, refuse } from './behaviours.js';
import { eventually } from './eventually.js';
import { onEachStorage } from './world.js';

/** What may keep this process alive. The test runner has handles of its own, so only those that came with the application count. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout' || resource === 'Immediate')
    .length;
}

describe('a closed application', () => {
  onEachStorage((world) => {
    it('keeps no process alive, whatever was under way', async () => {
      const retry = { retryCount: 9, retryDelay: 3_600_000, maxRetryDelay: 3_600_000 };
      const Hanging = saga('Hanging', [world.step('h', { act: hang, options: { timeout: 3_600_000 } })]);
      const Waiting = saga('Waiting', [world.step('w', { act: refuse, options: { retry } })]);
      const Failed = saga('Failed', [world.step('x', { compensate: refuse }), world.step('y', { act: refuse })]);
      const before = timers();
      const { runner, close } = await world.start([Hanging, Waiting, Failed], { shutdown: { gracePeriod: 1 } });
      runner.watch((await runner.start(Hanging, {})).id).subscribe({ error: () => undefined });
      await runner.start(Waiting, {}, { id: 'w' });
      await runner.run(Failed, {}).catch(() => undefined);
      await world.logged('w', 'failed w');
      await close();
      await eventually(() => expect(timers()).toBeLessThanOrEqual(before));
    });

    it('closes although the storage never answers', async () => {
      const S = saga('S', [world.step('a', { act: hang })]);
      const { runner, close, line } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      const caller = runner.run(S, {}).catch((error: unknown) => error);
      await world.seen('a');
      line.cut();
      await close();
      expect(await caller).toMatchObject({ reason: 'closing' });
    });

    it('closes although the storage is gone, and says so to who waits for a write', async () => {
      const S = saga('S', [world.step('a', { act: () => line.breakDown() })]);
      const { runner, close, line } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      const caller = runner.run(S, {}).catch((error: unknown) => error);
      await world.seen('a');
      await close();
      expect(await caller).toMatchObject({ code: 'SAGA_INTERRUPTED' });
    });

    it('keeps nobody waiting who asks it later', async () => {
      const S = saga('S', [world.step('a', { act: hang })]);
      const { runner, close } = await world.start([S], { shutdown: { gracePeriod: 1 } });
      const handle = await runner.start(S, {});
      await close();
      await expect(handle.result()).rejects.toMatchObject({ code: 'SAGA_INTERRUPTED' });
      await expect(lastValueFrom(handle.watch())).rejects.toBeInstanceOf(Error);
      await expect(handle.cancel()).rejects.toBeInstanceOf(Error);
      await expect(runner.run(S, {})).rejects.toMatchObject({ code: 'SAGA_CLOSED' });
    });

    it('can be closed at any point of a saga, which another one finishes', async () => {
      for (let writes = 1; writes <= 7; writes++) {
        const S = saga('S', [world.step('a'), world.step('b'), world.step('c', { act: refuse })]);
        const { runner, close, line } = await world.start([S]);
        const id = `closed after ${writes} writes`;
        await runner.start(S, {}, { id });
        await eventually(async () => {
          const rows = (await world.storage.load(id))!.record;
          expect(line.writes >= writes || rows.status === 'FAILED').toBe(true);
        });
        await close();
        await world.start([S]);
        await world.status(id, 'FAILED');
        const done = (await world.log(id)).filter((entry) => entry.startsWith('completed'));
        expect(done).toEqual(['completed a', 'completed b', 'completed -b', 'completed -a']);
      }
    });
  });
});

describe('an application that runs to its end', () => {
  it('exits by itself once it is closed, a hanging act and an open timeout notwithstanding', async () => {
    const script = await bundled('test/e2e/closing-child.ts');
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const output: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    const [code] = (await once(child, 'exit')) as [number];
    expect({ code, output: output.join('') }).toEqual({ code: 0, output: 'closed\n' });
  });
});
