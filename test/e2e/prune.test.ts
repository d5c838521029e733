import { describe, expect, it } from '@jest/globals';
import { InMemorySagaStorage } from '../../lib/index.js';
import { Effects, saga, startApplication, step } from './application.js';

describe('SagaRunner.prune()', () => {
  it('deletes what finished long enough ago, by the storage clock, and nothing else', async () => {
    let now = 1_000_000;
    const storage = new InMemorySagaStorage({ now: () => now });
    const Order = saga('Order', [step(new Effects(), 'reserve')]);
    const { runner, close } = await startApplication([Order], { storage });
    await runner.run(Order, {}, { id: 'old' });
    now += 5_000;
    await runner.run(Order, {}, { id: 'young' });

    expect(await runner.prune({ olderThan: 4_000 })).toBe(1);
    expect((await runner.find()).items.map(({ id }) => id)).toEqual(['young']);
    await close();
  });
});
