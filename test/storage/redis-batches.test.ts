import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { RedisCommand } from 'nest-saga/redis';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { OwnRedisServer } from '../harness/redis-own-server.js';
import { whereThereIsRedis } from '../harness/redis-server.js';
import { RedisSpace } from '../harness/redis-space.js';

await whereThereIsRedis('Batches of RedisSagaStorage', () => {
  const MANY = 64;
  const ids = times(MANY, (index) => `saga-${index}`);
  let space: RedisSpace;
  let subject: StorageUnderTest;
  /** What was sent, by round trip. Hints are not counted: they go on their own, behind the writes. */
  let sent: RedisCommand[][] = [];

  beforeEach(async () => {
    Logger.overrideLogger(false);
    space = new RedisSpace();
    subject = await space.subject({ client: recording(space.client()) });
    // The server knows the scripts from now on.
    await subject.create({ id: 'first' });
    await subject.write('first');
    await subject.write('first', { head: { failedStep: 'charge' } });
    sent = [];
  });
  afterEach(() => space.clear());

  function recording(client: Redis) {
    return {
      duplicate: () => client.duplicate(),
      pipeline(commands: RedisCommand[]) {
        if (!commands.some(([name]) => name === 'publish')) sent.push(commands);
        return client.pipeline(commands);
      },
    };
  }

  it('are few scripts of many writes, each in a round trip of its own', async () => {
    await Promise.all(ids.map((id) => subject.create({ id })));
    const reads = await Promise.all(ids.map((id) => subject.load(id)));
    sent = [];
    await Promise.all(reads.map((read) => subject.storage.transition(subject.next(read))));
    expect(sent.map((commands) => commands.map(([name]) => name))).toEqual(sent.map(() => ['evalsha']));
    expect(sent.length).toBeLessThanOrEqual(MANY / 16);
  });

  it('are several scripts where they are large, so that nobody waits for long in between', async () => {
    const context = 'x'.repeat(300_000);
    await Promise.all(ids.slice(0, 10).map((id) => subject.create({ id, context })));
    expect(sent.map((commands) => commands.length)).toEqual([4]);
    for (const id of ids.slice(0, 10)) expect((await subject.load(id)).record.context).toBe(context);
  });

  it('are counted by the server as one row and one change of the head for each write', async () => {
    const server = await OwnRedisServer.start();
    const own = new RedisSpace(server.url);
    try {
      const counted = await own.subject();
      await Promise.all(ids.map((id) => counted.create({ id })));
      await Promise.all(ids.map(async (id) => counted.write(id)));
      await Promise.all(ids.map(async (id) => counted.write(id, { head: { status: 'COMPLETED', worker: null } })));
      const stats = await own.admin.info('commandstats');
      const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1]);
      // Trying the rights takes one of each as well.
      expect(calls('rpush')).toBe(3 * MANY + 1);
      expect(calls('hset')).toBe(3 * MANY + 1);
    } finally {
      await own.clear();
      await server.remove();
    }
  });

  it('tell each new saga whether its id was taken', async () => {
    await subject.create({ id: 'saga-3', name: 'Another' });
    const results = await Promise.all(ids.map((id) => subject.create({ id, context: 'new' })));
    for (const [i, id] of ids.entries()) {
      const taken = id === 'saga-3';
      expect(results[i]).toMatchObject(taken ? { outcome: 'exists', name: 'Another' } : { outcome: 'created' });
      expect((await subject.load(id)).record.context).toEqual(taken ? { orderId: 'o-1' } : 'new');
    }
  });

  it('tell each writer whether it was late, and change nothing for those that were', async () => {
    await Promise.all(ids.map((id) => subject.create({ id })));
    const reads = await Promise.all(ids.map((id) => subject.load(id)));
    const late = ['saga-0', 'saga-17', 'saga-63'];
    for (const id of late) await subject.write(id, { context: 'theirs' });
    await subject.request({ sagaId: 'saga-7' });

    const write = { context: 'ours', head: { status: 'COMPENSATING' } } as const;
    const results = await Promise.all(reads.map((read) => subject.storage.transition(subject.next(read, write))));
    for (const [i, id] of ids.entries()) {
      const outcome = late.includes(id) ? 'conflict' : id === 'saga-7' ? 'requested' : 'written';
      expect(results[i]).toMatchObject({ outcome });
      expect((await subject.load(id)).record).toMatchObject(
        {
          conflict: { version: 2, context: 'theirs', status: 'RUNNING' },
          requested: { version: 1, status: 'RUNNING' },
          written: { version: 2, context: 'ours', status: 'COMPENSATING' },
        }[outcome],
      );
    }
  });

  it('touch only log and head where a saga only goes on', async () => {
    const before = await space.dump();
    await subject.write('first', { context: 'new' });
    const after = await space.dump();
    const changed = Object.keys(after).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]));
    expect(changed.toSorted()).toEqual(['head:first', 'log:first'].map((key) => space.keyPrefix + key));
  });

  it('leave nothing in the indexes of a saga that is gone, and nothing to recover of one that has finished', async () => {
    const { admin, keyPrefix } = space;
    await subject.create();
    expect(await admin.zcard(`${keyPrefix}recover`)).toBe(2);
    const error = { name: 'E', message: 'm' };
    const heldReason = { code: 'definition-changed', message: 'm' } as const;
    await subject.write('saga-1', { head: { error, failedStep: 'charge', heldReason } });
    await subject.request();
    await subject.write('saga-1', { head: { status: 'FAILED', worker: null } });
    await subject.write('first', { head: { status: 'COMPLETED', worker: null } });
    expect(await admin.exists(`${keyPrefix}recover`)).toBe(0);
    expect(await subject.storage.prune({ olderThan: -1000 })).toBe(2);
    expect(await space.dump()).toEqual({ [`${keyPrefix}schema`]: '1' });
  });
});
