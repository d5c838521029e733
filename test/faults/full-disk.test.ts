import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, type ClientConfig } from 'pg';
import { times } from '../contract/storage-under-test.js';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { OWN_DATABASES, whereItStarts, type OwnDatabase, type OwnDatabaseKind } from '../harness/own-databases.js';
import { addressOf, connectTo, type ProcessStorage } from '../harness/process-storage.js';
import { SmallDisk, whereThereAreSmallDisks } from '../harness/small-disk.js';

const SAGAS = 20;

/** Of a result, which nothing can make smaller: what is full is not to have room for it by chance. */
const BYTES = 50_000;

whereThereAreSmallDisks('A database whose disk is full', () => {
  let disk: SmallDisk;
  let database: OwnDatabase;
  let connected: ProcessStorage[];
  let applications: Application[];
  let effects: Effects;
  let gate: Gate;
  let said: string[];
  beforeEach(() => {
    disk = SmallDisk.mount(80);
    connected = [];
    applications = [];
    effects = new Effects();
    gate = new Gate();
    said = [];
  });
  afterEach(async () => {
    await Promise.all(applications.map((application) => application.close()));
    for (const { disconnect } of connected) await disconnect();
    await database.stop();
    disk.unmount();
  });

  function plan() {
    const large = () => gate.passed.then(() => randomBytes(BYTES).toString('base64'));
    return saga('S', [step(effects, 'a', { act: large }), step(effects, 'b')]);
  }

  async function start(S = plan(), lease = 120_000): Promise<Application> {
    const connection = await connectTo(database.location);
    connected.push(connection);
    const application = await startApplication([S], {
      storage: connection.storage,
      lease: { duration: lease },
      logger: {
        log: (text: string) => said.push(text),
        warn: () => undefined,
        error: (text: string) => said.push(text),
      },
    });
    applications.push(application);
    return application;
  }

  /** Sagas that are about to write more than there is room for. */
  async function startSagas(lease?: number): Promise<readonly { result(): Promise<unknown> }[]> {
    const S = plan();
    const { runner } = await start(S, lease);
    const handles = await Promise.all(times(SAGAS, (i) => runner.start(S, {}, { id: `saga-${String(i)}` })));
    await eventually(() => expect(effects.count('a')).toBe(SAGAS));
    return handles;
  }

  /** A server that has ended itself is started again, as a service manager does. */
  async function makeRoom(results: Promise<unknown>): Promise<void> {
    let settled = false;
    void results.finally(() => (settled = true)).catch(() => undefined);
    disk.clear();
    await eventually(async () => {
      await database.revive();
      expect(settled).toBe(true);
    }, 40_000);
  }

  const outages = (): readonly string[] => said.filter((text) => text.includes('does not answer'));

  const describeKind = (kind: OwnDatabaseKind): void => {
    it('keeps sagas waiting until there is room again: nothing is lost, and nothing done twice', async () => {
      database = await kind.start(disk.folder);
      const handles = await startSagas();
      const results = Promise.all(handles.map((handle) => handle.result()));
      disk.fill();
      gate.open();
      await eventually(() => expect(outages()).toHaveLength(1));
      expect(effects.count('b')).toBeLessThan(SAGAS);
      await makeRoom(results);
      expect(await results).toEqual(times(SAGAS, () => ({})));
      expect(effects.count('a')).toBe(SAGAS);
      expect(effects.count('b')).toBe(SAGAS);
      await eventually(() => expect(said.at(-1)).toContain('answers again'));
    }, 60_000);

    it('loses nothing of a replica that ends meanwhile: the next one goes on when there is room', async () => {
      database = await kind.start(disk.folder);
      await startSagas(3_000);
      disk.fill();
      gate.open();
      await eventually(() => expect(outages()).toHaveLength(1));
      await applications.pop()?.close();
      disk.clear();
      await database.revive();
      const { runner } = await start();
      await eventually(async () => {
        await database.revive();
        const { items } = await runner.find({ status: 'COMPLETED', limit: 100 });
        expect(items).toHaveLength(SAGAS);
      }, 30_000);
      // Whatever the first one has done and could not store is done again, once.
      expect(effects.count('a')).toBeLessThanOrEqual(2 * SAGAS);
      expect(effects.count('b')).toBeLessThanOrEqual(2 * SAGAS);
    }, 60_000);
  };

  whereItStarts(OWN_DATABASES.postgres, () => {
    it('goes on with all sagas after a server that had no room for its write-ahead log and ended itself', async () => {
      database = await OWN_DATABASES.postgres.start(disk.folder);
      const handles = await startSagas();
      const results = Promise.all(handles.map((handle) => handle.result()));
      disk.fill();
      await useUpWriteAheadLog(addressOf(database.location)!);
      gate.open();
      await eventually(() => expect(outages()).toHaveLength(1));
      await makeRoom(results);
      expect(await results).toEqual(times(SAGAS, () => ({})));
      expect([effects.count('a'), effects.count('b')]).toEqual([SAGAS, SAGAS]);
    }, 60_000);
  });

  describe('on SQLite', () => {
    describeKind({
      name: 'sqlite',
      title: 'SQLite',
      problem: () => undefined,
      start: async (folder = disk.folder) => ({
        location: { storage: 'sqlite', file: join(folder, 'sagas.db') },
        restartAtOnce: () => Promise.resolve(),
        revive: () => Promise.resolve(),
        stop: () => Promise.resolve(),
      }),
    });
  });
  for (const kind of Object.values(OWN_DATABASES)) whereItStarts(kind, describeKind);
});

/** Until the server ends its connections, since it can write no more of it. */
async function useUpWriteAheadLog(address: ClientConfig): Promise<void> {
  const client = new Client({ ...address, user: 'postgres', database: 'postgres' });
  const ended = new Promise((resolve) => client.once('end', resolve));
  client.on('error', () => undefined);
  await client.connect();
  const message = `SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))`;
  for (let room = true; room;) {
    await client.query(message).catch(() => (room = false));
  }
  await ended;
}
