import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoadedSaga, SagaTransition } from 'nest-saga';
import { ORDER_SAGA, times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { eventually } from '../e2e/eventually.js';
import { sqliteDrivers } from '../harness/sqlite-drivers.js';
import { SqliteFile } from '../harness/sqlite-file.js';
import { SqliteProcess } from '../harness/sqlite-process.js';

/** Real processes, since locks of one process behave differently: POSIX takes them for its own. */
describe('several processes on one file', () => {
  let file: SqliteFile;
  let processes: SqliteProcess[];
  beforeEach(() => {
    file = new SqliteFile(sqliteDrivers[0]!);
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.kill()));
    await file.dispose();
  });

  async function start(count: number): Promise<SqliteProcess[]> {
    const started = times(count, () => new SqliteProcess(file.path));
    processes.push(...started);
    await Promise.all(started.map((process) => process.ready()));
    return started;
  }

  /** The write that follows, knowing nothing but the numbers. */
  function next(subject: StorageUnderTest, id: string, version: number): SagaTransition {
    const { entries } = subject.newSaga();
    const seq = (version - 1) * entries.length + 1;
    return { id, version, seq, entries, worker: 'w1', writeId: subject.writeId(), knownRequests: [] };
  }

  it('open a new file at once, and write to it at once', async () => {
    const writers = await start(3);
    const subject = await file.subject();
    const outcomes = await Promise.all(
      writers.map(async (writer, number) => {
        const ids = times(20, (index) => `saga-${number}-${index}`);
        const created = await writer.call('create', ...ids.map((id) => subject.newSaga({ id })));
        const written = await writer.call('transition', ...ids.map((id) => next(subject, id, 2)));
        return [...created, ...written].map((result) => (result as { outcome: string }).outcome);
      }),
    );
    const expected = [...times(20, () => 'created'), ...times(20, () => 'written')];
    expect(outcomes).toEqual([expected, expected, expected]);
    const { items } = await subject.storage.find({ limit: 100 });
    expect(items).toHaveLength(60);
    for (const { id } of items) expect((await subject.load(id)).record).toMatchObject({ version: 2, seq: 4 });
  });

  it('get each saga once when they claim at once', async () => {
    const claimers = await start(3);
    const subject = await file.subject();
    await Promise.all(times(30, (index) => subject.create({ id: `saga-${index}` })));
    const claimed = await Promise.all(
      claimers.map(async (claimer, number) => {
        const worker = `claimer-${number}`;
        await claimer.call('heartbeat', { worker, beat: 0, duration: 600_000 });
        const query = { worker, limit: 10, definitions: [ORDER_SAGA] };
        const results = await claimer.call('claim', ...times(5, () => query));
        return (results as LoadedSaga[][]).flat().map(({ record }) => record.id);
      }),
    );
    const ids = claimed.flat();
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
  });

  it('take over the sagas of one that was killed in the middle of its writes', async () => {
    const [victim] = await start(1);
    const subject = await file.subject();
    await victim!.call('heartbeat', { worker: 'w1', beat: 0, duration: 300 });
    const ids = times(10, (index) => `saga-${index}`);
    await victim!.call('create', ...ids.map((id) => subject.newSaga({ id })));
    const calls = times(1000, (index) => ids.map((id) => next(subject, id, index + 2))).flat();
    victim!.send({ method: 'transition', calls });
    await eventually(async () => {
      expect((await subject.load('saga-0')).record.version).toBeGreaterThan(3);
    });
    await victim!.kill();

    const claimed: LoadedSaga[] = [];
    await eventually(async () => {
      claimed.push(...(await subject.claim()));
      expect(claimed).toHaveLength(10);
    });
    for (const { record, entries, unreadable } of claimed) {
      expect(unreadable).toBeUndefined();
      expect(record.version).toBeLessThan(1000);
      expect(entries.map(({ seq }) => seq)).toEqual(times(record.seq, (index) => index + 1));
      expect(entries.at(-1)).toMatchObject({ event: 'claimed', worker: 'w2' });
      expect(await subject.storage.transition(next(subject, record.id, record.version))).toEqual({
        outcome: 'conflict',
      });
    }
  });

  it('serve an operator who is in a third one', async () => {
    const [owner, operator] = await start(2);
    const subject = await file.subject();
    await owner!.call('heartbeat', { worker: 'w1', beat: 0, duration: 600_000 });
    await owner!.call('create', subject.newSaga());
    const request = { id: 'request-1', sagaId: 'saga-1', type: 'cancel' } as const;
    expect(await operator!.call('request', request)).toEqual(['stored']);
    expect(await owner!.call('heartbeat', { worker: 'w1', beat: 1, duration: 600_000 })).toEqual([
      { outcome: 'alive', requested: ['saga-1'] },
    ]);
    expect(await owner!.call('transition', next(subject, 'saga-1', 2))).toEqual([
      { outcome: 'requested', requests: [request] },
    ]);
  });
});
