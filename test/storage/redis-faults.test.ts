import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Cluster, type RedisOptions } from 'ioredis';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { FaultyProxy } from '../harness/faulty-proxy.js';
import { OwnRedisServer } from '../harness/redis-own-server.js';
import { startCluster } from '../harness/redis-cluster.js';
import { whereThereIsRedis } from '../harness/redis-server.js';
import { RedisSpace } from '../harness/redis-space.js';

await whereThereIsRedis('Faults of RedisSagaStorage', () => {
  const servers: OwnRedisServer[] = [];
  const spaces: RedisSpace[] = [];
  const addresses: FaultyProxy[] = [];
  beforeEach(() => {
    Logger.overrideLogger(false);
  });
  afterEach(async () => {
    for (const space of spaces.splice(0)) await space.clear();
    for (const address of addresses.splice(0)) await address.close();
    for (const server of servers.splice(0)) await server.remove();
  });

  const failed = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed', retryable: true };

  async function serverWith(...settings: string[]): Promise<{ server: OwnRedisServer; space: RedisSpace }> {
    const server = await OwnRedisServer.start(...settings);
    servers.push(server);
    return { server, space: spaceOf(server.url) };
  }

  function spaceOf(url?: string): RedisSpace {
    const space = new RedisSpace(url);
    spaces.push(space);
    return space;
  }

  /** Resolves once the server answers again. */
  async function untilItAnswers(subject: StorageUnderTest): Promise<void> {
    for (;;) {
      const answered = await subject.storage.load('none').then(
        () => true,
        () => false,
      );
      if (answered) return;
    }
  }

  describe('a server whose memory is full', () => {
    it.each(['noeviction', 'volatile-lru', 'volatile-random', 'volatile-ttl'])(
      'refuses whole writes with %s, and takes them again when there is room',
      async (policy) => {
        const { space } = await serverWith('--maxmemory-policy', policy);
        const subject = await space.subject();
        for (const id of ['saga-1', 'saga-2', 'done']) await subject.create({ id });
        await subject.write('done', { head: { status: 'COMPLETED', worker: null } });
        await subject.request({ sagaId: 'saga-2' });
        const before = await space.dump();
        await space.admin.set('cached', 'with a time to live', 'EX', 600);
        await space.admin.config('SET', 'maxmemory', '1');

        const full = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'full' };
        const read = await subject.load('saga-1');
        const changes = { status: 'COMPENSATING', heldReason: null, failedStep: 'charge' } as const;
        await expect(subject.create({ id: 'new' })).rejects.toMatchObject(full);
        await expect(subject.storage.transition(subject.next(read))).rejects.toMatchObject(full);
        await expect(subject.storage.transition(subject.next(read, { head: changes }))).rejects.toMatchObject(full);
        await expect(subject.claim({ ids: ['saga-1'] })).rejects.toMatchObject(full);
        await expect(subject.request()).rejects.toMatchObject(full);
        expect(await space.dump()).toEqual(before);
        expect(await space.admin.exists('cached')).toBe(policy === 'noeviction' ? 1 : 0);
        // What makes room needs none.
        expect(await subject.storage.prune({ olderThan: -1000 })).toBe(1);

        await space.admin.config('SET', 'maxmemory', '0');
        expect(await subject.storage.transition(subject.next(read, { head: changes }))).toMatchObject({
          outcome: 'written',
        });
      },
    );
  });

  describe('a value that the server does not take', () => {
    it('is rejected alone, and takes none of its batch along', async () => {
      const { space } = await serverWith('--proto-max-bulk-len', '1mb');
      const subject = await space.subject();
      const ids = times(20, (index) => (index % 7 === 3 ? `large-${index}` : `small-${index}`));
      const results = await Promise.allSettled(
        ids.map((id) => subject.create({ id, context: id.startsWith('large') ? 'ä'.repeat(600_000) : id })),
      );
      for (const [i, result] of results.entries()) {
        if (ids[i]!.startsWith('small')) expect(result).toMatchObject({ value: { outcome: 'created' } });
        else expect(result).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED', sagaId: ids[i] } });
      }
      expect((await subject.storage.find({ limit: 100 })).items).toHaveLength(17);
    });

    it('is rejected when it is no number that can be kept', async () => {
      const subject = await spaceOf().subject();
      for (const definitionVersion of [NaN, 1.5, Infinity, true, {}, '1x']) {
        await expect(subject.create({ definitionVersion: definitionVersion as number })).rejects.toMatchObject({
          code: 'SAGA_STORAGE_REJECTED',
        });
      }
      await subject.create();
      for (const dueIn of [1e300, NaN]) {
        await expect(subject.write('saga-1', { head: { dueIn } })).rejects.toMatchObject({
          code: 'SAGA_STORAGE_REJECTED',
        });
      }
      expect((await subject.load()).record.version).toBe(1);
    });

    it('is looked for by nobody: such a name has never been stored', async () => {
      const subject = await spaceOf().subject();
      await subject.create({ id: '\ufffd' });
      for (const name of ['a\u0000b', '\ud800']) {
        expect(await subject.storage.load(name)).toBeUndefined();
        expect(await subject.storage.history(name)).toEqual([]);
        expect(await subject.request({ sagaId: name })).toBe('unknown-saga');
        expect(await subject.claimedIds({ ids: [name] })).toEqual([]);
        for (const query of [{ name }, { step: name }]) {
          expect(await subject.storage.find(query)).toEqual({ items: [] });
        }
      }
    });
  });

  it('fails the write of a saga whose keys somebody else has spoilt, and none of its batch', async () => {
    const space = spaceOf();
    const subject = await space.subject();
    const ids = times(20, (index) => `saga-${index}`);
    await Promise.all(ids.map((id) => subject.create({ id })));
    const reads = await Promise.all(ids.map((id) => subject.load(id)));
    await space.admin.set(`${space.keyPrefix}log:saga-7`, 'no list');
    const results = await Promise.allSettled(reads.map((read) => subject.storage.transition(subject.next(read))));
    for (const [i, result] of results.entries()) {
      if (i === 7) expect(result).toMatchObject({ reason: { ...failed, cause: expect.anything() } });
      else expect(result).toMatchObject({ value: { outcome: 'written' } });
    }
  });

  describe('a server that is not there', () => {
    it('fails every call within the time limit, and is used again when it answers', async () => {
      const { server, space } = await serverWith('--appendonly', 'yes');
      const subject = await space.subject({ commandTimeout: 200 });
      await subject.create();
      await subject.write('saga-1');
      const read = await subject.load();
      server.pause();
      const write = subject.next(read, { writeId: 'in-doubt' });
      await Promise.all([
        expect(subject.storage.transition(write)).rejects.toMatchObject(failed),
        expect(subject.storage.load('saga-1')).rejects.toMatchObject(failed),
        expect(subject.claim()).rejects.toMatchObject(failed),
        expect(subject.storage.heartbeat({ worker: 'w1', beat: 0, duration: 1000 })).rejects.toMatchObject(failed),
        expect(subject.storage.find({})).rejects.toMatchObject(failed),
        expect(subject.storage.prune({ olderThan: 0 })).rejects.toMatchObject(failed),
        expect(subject.storage.workers()).rejects.toMatchObject(failed),
      ]);
      server.resume();
      await untilItAnswers(subject);
      // The server had the write all the time: whoever reads the saga recognizes it by its id.
      expect(await subject.load()).toMatchObject({ record: { version: 3 }, writeId: 'in-doubt' });
    });

    it('has everything that it answered for when it was killed and comes back', async () => {
      const { server, space } = await serverWith('--appendonly', 'yes');
      const subject = await space.subject({ commandTimeout: 1000 });
      await Promise.all(times(50, (index) => subject.create({ id: `saga-${index}`, context: index })));
      await subject.write('saga-1', { context: 'new', head: { status: 'COMPENSATING' } });
      const before = await space.dump();
      await server.kill();
      await expect(subject.storage.load('saga-1')).rejects.toMatchObject(failed);
      await server.start();
      await untilItAnswers(subject);
      expect(await space.dump()).toEqual(before);
      // Its scripts are forgotten, and sent again.
      expect(await subject.write('saga-1')).toMatchObject({ outcome: 'written' });
    });
  });

  describe('a primary that has become a replica behind its address', () => {
    /** A primary waits for more replicas before it sends its data, unless it is told not to. */
    const AT_ONCE = ['--repl-diskless-sync-delay', '0'];

    /** A storage that reaches its server by an address; and what has another server take over behind it, as providers' services do. */
    async function behindAddress(
      options: RedisOptions,
    ): Promise<{ subject: StorageUnderTest; failOver(): Promise<void> }> {
      const [first, second] = [await serverWith(...AT_ONCE), await serverWith(...AT_ONCE)];
      const target = { host: '127.0.0.1', port: first.server.port };
      const address = await FaultyProxy.before(target);
      addresses.push(address);
      const space = spaceOf(`redis://127.0.0.1:${address.port}`);
      return {
        subject: await space.subject({ client: space.client(options) }),
        failOver: async () => {
          await second.space.admin.replicaof('127.0.0.1', first.server.port);
          // Only a replica that has caught up counts.
          await first.space.admin.set('last', 'write');
          expect(await first.space.admin.wait(1, 0)).toBe(1);
          await second.space.admin.replicaof('NO', 'ONE');
          await first.space.admin.replicaof('127.0.0.1', second.server.port);
          target.port = second.server.port;
        },
      };
    }

    const replica = { ...failed, message: expect.stringMatching(/read-only replica.*READONLY.*reconnectOnError/) };
    const beat = { worker: 'w1', beat: 1, duration: 60_000 };

    it('is left at the first write or heartbeat, by a client that heeds it as the guide says', async () => {
      const reconnectOnError = (error: Error): boolean => error.message.includes('READONLY');
      const writing = await behindAddress({ reconnectOnError });
      await writing.subject.create();
      const write = writing.subject.next(await writing.subject.load());
      await writing.failOver();
      await expect(writing.subject.storage.transition(write)).rejects.toMatchObject(replica);
      expect(await writing.subject.storage.transition(write)).toMatchObject({ outcome: 'written' });

      const beating = await behindAddress({ reconnectOnError });
      await beating.subject.storage.heartbeat({ ...beat, beat: 0 });
      await beating.failOver();
      await expect(beating.subject.storage.heartbeat(beat)).rejects.toMatchObject(replica);
      expect(await beating.subject.storage.heartbeat(beat)).toMatchObject({ outcome: 'alive' });
    });

    it('is told of with what to do where the client stays, which is the application to decide', async () => {
      const { subject, failOver } = await behindAddress({});
      await subject.create();
      await subject.storage.heartbeat({ ...beat, beat: 0 });
      const write = subject.next(await subject.load());
      await failOver();
      for (let time = 0; time < 2; time++) {
        await expect(subject.storage.transition(write)).rejects.toMatchObject(replica);
        await expect(subject.storage.heartbeat(beat)).rejects.toMatchObject(replica);
      }
    });
  });

  it('sends scripts again that the server has forgotten', async () => {
    const { space } = await serverWith();
    const subject = await space.subject();
    await subject.create();
    const read = await subject.load();
    await space.admin.script('FLUSH');
    const results = await Promise.all([
      subject.storage.transition(subject.next(read)),
      ...times(10, (index) => subject.create({ id: `new-${index}` })),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['written', ...times(10, () => 'created')]);
  });

  it('takes a claim that was sent twice for one', async () => {
    const space = spaceOf();
    const client = space.client();
    const subject = await space.subject({
      client: {
        duplicate: () => client.duplicate(),
        pipeline: (commands) => {
          const twice = commands.flatMap((command) => (command[0].startsWith('eval') ? [command, command] : [command]));
          const pipeline = client.pipeline(twice);
          return {
            async exec() {
              const answers = await pipeline.exec();
              let next = 0;
              return commands.map((command) => {
                next += command[0].startsWith('eval') ? 2 : 1;
                return answers![next - 1]!;
              });
            },
          };
        },
      },
    });
    await subject.storage.create(subject.newSaga());
    await subject.register('w2');
    expect(await subject.claim()).toMatchObject([{ record: { id: 'saga-1', worker: 'w2', version: 2 } }]);
  });

  it('tells a saga with a hole in its log, or in a status of a later release, from a healthy one', async () => {
    const space = spaceOf();
    const subject = await space.subject();
    for (const id of ['hole', 'status', 'empty', 'garbage', 'well']) await subject.create({ id });
    await subject.write('hole');
    await subject.write('hole');
    const log = (id: string) => `${space.keyPrefix}log:${id}`;
    await space.admin.lrem(log('hole'), 1, (await space.admin.lindex(log('hole'), 1))!);
    await space.admin.del(log('empty'));
    await space.admin.lset(log('garbage'), 0, '\u0000\u0001');
    await space.admin.hset(`${space.keyPrefix}head:status`, 'status', 'DREAMING');
    expect((await subject.load('hole')).unreadable).toContain('row 2');
    expect((await subject.load('empty')).unreadable).toContain('row 1');
    expect((await subject.load('garbage')).unreadable).toContain('row 1');
    expect((await subject.load('status')).unreadable).toContain('DREAMING');
    expect((await subject.load('well')).unreadable).toBeUndefined();
    expect(await subject.claimedIds({ ids: ['garbage', 'empty'] })).toHaveLength(2);
    expect((await subject.load('garbage')).unreadable).toContain('does not fit');
    expect((await subject.load('empty')).unreadable).toContain('context');
  });

  it('keeps its promises on a cluster of three nodes', async () => {
    const nodes = await startCluster(3);
    servers.push(...nodes);
    const clients = times(2, () => new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port }))));
    try {
      const subjects = await Promise.all(
        clients.map((client) => spaceOf(nodes[0]!.url).subject({ client, keyPrefix: '{sagas}:' })),
      );
      const [one, two] = subjects as [StorageUnderTest, StorageUnderTest];
      const heard = new Promise<void>((resolve) => {
        void two.storage.listen('written', (ids) => ids.includes('saga-1') && resolve());
      });
      for (const worker of ['claimer-1', 'claimer-2']) await one.register(worker);

      const ids = times(40, (index) => `saga-${index}`);
      await Promise.all(ids.map((id, index) => (index % 2 === 0 ? one : two).create({ id })));
      await Promise.all(ids.map((id) => two.write(id, { context: id, head: { failedStep: 'charge' } })));
      await one.write('saga-1');
      await heard;
      expect((await one.storage.find({ step: 'charge', limit: 100 })).items).toHaveLength(40);

      const shares = await Promise.all([
        one.claimedIds({ worker: 'claimer-1', limit: 20 }),
        two.claimedIds({ worker: 'claimer-2', limit: 20 }),
      ]);
      const rest = await one.claimedIds({ worker: 'claimer-1' });
      expect([...shares.flat(), ...rest].toSorted()).toEqual(ids.toSorted());

      await Promise.all(ids.map((id) => two.write(id, { head: { status: 'COMPLETED', worker: null } })));
      expect(await one.storage.prune({ olderThan: -1000 })).toBe(40);
    } finally {
      for (const client of clients) client.disconnect();
    }
  });
});
