import { describe, expect, it } from '@jest/globals';
import { saga } from './application.js';
import { refuse } from './behaviours.js';
import { onEachStorage } from './world.js';

const SAGAS = 2_000;
const AT_ONCE = 64;

describe('2,000 failing sagas, 64 at once, with two processes looking for sagas to recover all the time', () => {
  onEachStorage((world) => {
    it('act and compensate nothing twice', async () => {
      const done = new Map<string, number>();
      const note = (effect: string, sagaId: string): void => {
        const key = `${effect} of ${sagaId}`;
        done.set(key, (done.get(key) ?? 0) + 1);
      };
      const step = (name: string, act?: () => never) =>
        world.step(name, {
          act: (_, { sagaId }) => (note(name, sagaId), act?.()),
          compensate: (_, __, { sagaId }) => note(`-${name}`, sagaId),
        });
      const S = saga('S', [step('a'), step('b'), step('c', refuse)]);
      const polling = { recovery: { interval: 5 }, lease: { duration: 60_000 } };
      const processes = [await world.start([S], polling), await world.start([S], polling)];

      let started = 0;
      const keepRunning = async (place: number): Promise<void> => {
        while (started < SAGAS) {
          const id = `s${started++}`;
          await expect(processes[place % 2]!.runner.run(S, {}, { id })).rejects.toThrow('refused');
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => keepRunning(place)));

      expect([...done].filter(([, times]) => times > 1)).toEqual([]);
      expect(done.size).toBe(SAGAS * 5);
    });
  });
});
