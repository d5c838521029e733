import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { firstValueFrom, toArray } from 'rxjs';
import { SagaInterruptedError } from '../../lib/index.js';
import { freshFile, sqliteDrivers, type OpenedClient } from '../harness/sqlite-drivers.js';
import {
  Effects,
  saga,
  startApplication,
  step,
  type Application,
  type Behaviour,
  type SagaType,
} from './application.js';
import { eventually } from './eventually.js';

const driver = sqliteDrivers[0]!;

describe('a SQLite database in trouble', () => {
  let file: string;
  let effects: Effects;
  let said: string[];
  let clients: OpenedClient[];
  let applications: Application[];

  beforeEach(() => {
    file = freshFile();
    effects = new Effects();
    said = [];
    clients = [];
    applications = [];
  });
  afterEach(async () => {
    await Promise.all(applications.map((application) => application.close()));
    for (const client of clients) client.close();
    rmSync(dirname(file), { recursive: true });
  });

  function connect(): OpenedClient {
    const client = driver.open(file);
    clients.push(client);
    return client;
  }

  const plan = (a: Behaviour): SagaType => saga('S', [step(effects, 'a', a), step(effects, 'b')]);

  /** An application that gives a locked database up quickly, and what it logs. */
  async function start(
    sagas: SagaType | readonly SagaType[],
    { lease = 60_000, client = connect() } = {},
  ): Promise<Application> {
    const log = (text: string): void => void said.push(text);
    const application = await startApplication([sagas].flat(), {
      storage: new SqliteSagaStorage({ client, busyTimeout: 20, synchronous: 'NORMAL' }),
      lease: { duration: lease },
      logger: { log, warn: log, error: log },
    });
    applications.push(application);
    return application;
  }

  const outage = (): readonly string[] => said.filter((text) => text.includes('answer'));

  const troubled = (): Promise<void> =>
    eventually(() => expect(said).toContainEqual(expect.stringContaining('does not answer')));

  it('that another process has locked is waited for', async () => {
    const other = connect();
    const S = plan({ act: () => other.exec('BEGIN IMMEDIATE') });
    const { runner } = await start(S);
    const caller = runner.run(S, {});
    await troubled();
    expect(effects.log).toEqual(['a']);
    other.exec('COMMIT');
    expect(await caller).toEqual({});
    expect(effects.log).toEqual(['a', 'b']);
    expect(said.at(-1)).toContain('answers again');
  });

  it('that stays locked interrupts run(), and the saga is resumed when it is free', async () => {
    const other = connect();
    const S = plan({ act: (_, { attempt }) => (attempt === 1 ? other.exec('BEGIN IMMEDIATE') : undefined) });
    const { runner } = await start(S, { lease: 1_000 });
    await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow(SagaInterruptedError);
    other.exec('COMMIT');
    await eventually(async () => expect((await runner.recover('s')).status).toBe('COMPLETED'));
    expect(effects.log).toEqual(['a', 'a', 'b']);
  });

  it('that is full is waited for, until there is room again', async () => {
    const client = connect();
    const S = plan({
      act: (context) => {
        context.large = 'x'.repeat(500_000);
        client.exec('PRAGMA max_page_count = 1');
      },
    });
    const { runner } = await start(S, { client });
    const caller = runner.run(S, {});
    await troubled();
    client.exec('PRAGMA max_page_count = 100000');
    expect(await caller).toMatchObject({ large: expect.any(String) });
    expect(effects.log).toEqual(['a', 'b']);
  });

  it('that is full, and answers whoever only reads, is said to be back when there is room', async () => {
    const client = connect();
    const S = plan({
      act: (context) => {
        context.large = 'x'.repeat(500_000);
        client.exec('PRAGMA max_page_count = 1');
      },
    });
    const T = saga('T', [step(effects, 't')]);
    const { runner } = await start([T, S], { client });
    await runner.run(T, {}, { id: 'other' });
    const caller = runner.run(S, {});
    await troubled();
    const read = await firstValueFrom(runner.watch('other').pipe(toArray()));
    expect(read.length).toBeGreaterThan(0);
    expect(outage()).toEqual([expect.stringContaining('does not answer')]);
    client.exec('PRAGMA max_page_count = 100000');
    await caller;
    expect(outage()).toEqual([expect.stringContaining('does not answer'), expect.stringContaining('answers again')]);
  });

  it('whose connection is closed interrupts run(); a process that reaches the file finishes the saga', async () => {
    const client = driver.open(file);
    const S = plan({ act: (_, { attempt }) => (attempt === 1 ? client.close() : undefined) });
    const { runner } = await start(S, { client, lease: 1_000 });
    await expect(runner.run(S, {}, { id: 's' })).rejects.toThrow(SagaInterruptedError);
    const other = await start(S);
    await eventually(async () => expect((await other.runner.recover('s')).status).toBe('COMPLETED'));
    expect(effects.log).toEqual(['a', 'a', 'b']);
  });
});
