import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SagaStorage } from 'nest-saga';
import { describeClaims } from '../contract/claims.js';
import { describeFencing } from '../contract/fencing.js';
import { describeRequests } from '../contract/requests.js';
import type { OpenTransaction, StorageHarness, TransactionHarness } from '../contract/storage-harness.js';
import { useStorage, type StorageUnderTest } from '../contract/storage-under-test.js';
import { describeTransactions } from '../contract/transactions.js';
import { describeValues } from '../contract/values.js';
import { Effects, saga, startApplication, step } from '../e2e/application.js';
import {
  type ClientLibraryUnderTest,
  type ConnectedClient,
  type SharedTransactions,
} from '../harness/client-library.js';

/** What a library could spoil: transactions and locks, errors, bound values, the types of what comes back. */
const TOPICS: Readonly<Record<string, (subject: StorageUnderTest) => void>> = {
  fencing: describeFencing,
  claims: describeClaims,
  "operators' requests": describeRequests,
  values: describeValues,
  transactions: describeTransactions,
};

/** A schema or database of a test file, and what is done to it beside the client. */
export interface PlaceOfClient {
  query(sql: string, values?: unknown[]): Promise<unknown>;
  drop(): Promise<void>;
}

/** How a storage is tested on the client of a library. */
export interface OnClientOptions<Place extends PlaceOfClient, Client> {
  readonly library: ClientLibraryUnderTest<Place, Client>;
  openPlace(): Promise<Place>;
  /** A storage on the client, not opened yet. */
  storageOn(client: Client): SagaStorage;
  /** A storage of the same place on a client of the driver alone, not opened yet. */
  peerOn(place: Place): SagaStorage;
  /** Makes stored times older, instead of moving the clock. */
  makeOlder(place: Place, ms: number): Promise<void>;
  corrupt(place: Place, id: string, damage: string): Promise<void>;
  /** A statement that fails as one does that loses against others. Needed where the library shares transactions. */
  readonly collision?: string;
}

/** The most telling parts of the contract, and a saga from end to end, on the client of a library. */
export function describeOnClient<Place extends PlaceOfClient, Client>(
  options: OnClientOptions<Place, Client>,
): () => { readonly place: Place; readonly connected: ConnectedClient<Client> } {
  let place: Place;
  let connected: ConnectedClient<Client>;
  beforeAll(async () => {
    place = await options.openPlace();
    await place.query('CREATE TABLE test_notes (note VARCHAR(100))');
    connected = await options.library.connect(place);
  });
  afterAll(async () => {
    await connected.end();
    await place.drop();
  });

  const harness: StorageHarness = {
    async create() {
      const opened: SagaStorage[] = [];
      const open = async () => {
        const storage = options.storageOn(connected.client);
        await storage.open();
        opened.push(storage);
        return storage;
      };
      return {
        storage: await open(),
        peer: open,
        advance: (ms) => options.makeOlder(place, ms),
        corrupt: (id, how) => options.corrupt(place, id, how === 'damaged' ? `entries = '"damaged"'` : 'format = 1000'),
        ...transactionsOf(place, connected, options.collision),
        async dispose() {
          for (const storage of opened) await storage.close();
          await place.query('DELETE FROM test_notes');
          for (const table of ['heads', 'log', 'requests', 'workers']) await place.query(`DELETE FROM saga_${table}`);
        },
      };
    },
  };
  for (const [topic, describeTopic] of Object.entries(TOPICS)) {
    describe(topic, () => describeTopic(useStorage(harness)));
  }

  it('runs and undoes sagas, which another client reads, and leaves the client open', async () => {
    const effects = new Effects();
    const reserve = step(effects, 'reserve', { act: async () => ({ reservation: 'r-1' }) });
    const charge = step(effects, 'charge', { act: () => Promise.reject(new Error('no money')) });
    const Order = saga('Order', [reserve]);
    const Refused = saga('Refused', [reserve, charge]);
    const app = await startApplication([Order, Refused], { storage: options.storageOn(connected.client) });
    expect(await app.runner.run(Order, { text: 'käse 🧀' }, { id: 'done' })).toEqual({ text: 'käse 🧀' });
    await expect(app.runner.run(Refused, {}, { id: 'undone' })).rejects.toThrow('no money');
    expect(effects.log).toEqual(['reserve', 'reserve', 'charge', '-reserve']);
    await app.close();

    const finished = await connected.query(
      `SELECT COUNT(*) AS n FROM saga_heads WHERE status IN ('COMPLETED', 'FAILED')`,
    );
    expect(finished).toHaveLength(1);
    const peer = options.peerOn(place);
    await peer.open();
    expect((await peer.load('done'))?.record).toMatchObject({ status: 'COMPLETED', context: { text: 'käse 🧀' } });
    expect((await peer.history('undone')).map(({ event }) => event)).toContain('compensating');
    expect((await peer.load('undone'))?.record.status).toBe('FAILED');
    await peer.close();
  });

  it('refuses a transaction in place of the client that has begun it', async () => {
    await connected.shared?.transaction(async (handle) => {
      expect(() => options.storageOn(handle as Client)).toThrow(
        /`client` is (a transaction|an EntityManager|a single connection) of/,
      );
    });
  });

  it('writes nothing by a query that was made in a transaction and is sent behind its end', async () => {
    const insertLater = connected.shared?.insertLater;
    if (insertLater === undefined) return;
    const storage = options.storageOn(connected.client);
    await storage.open();
    try {
      const [sent, late] = await storage.transaction(async ({ handle }) => {
        await insertLater(handle, 'in time')();
        return ['in time', insertLater(handle, 'late')] as const;
      });
      await expect(Promise.resolve().then(late)).rejects.toThrow();
      expect(await place.query('SELECT note FROM test_notes')).toEqual([{ note: sent }]);
    } finally {
      await storage.close();
      await place.query('DELETE FROM test_notes');
    }
  });

  return () => ({ place, connected });
}

function transactionsOf(
  place: PlaceOfClient,
  { client, shared }: ConnectedClient<unknown>,
  collision = '',
): { readonly transactions?: TransactionHarness } {
  if (shared === undefined) return {};
  const transactions: TransactionHarness = {
    begin: () => begin(shared),
    async note(handle, text) {
      await shared.write(handle, `INSERT INTO test_notes (note) VALUES ('${text}')`);
    },
    async notes() {
      const rows = (await place.query('SELECT note FROM test_notes')) as readonly { readonly note: string }[];
      return rows.map(({ note }) => note);
    },
    async collide(handle) {
      await shared.write(handle, collision);
    },
    async failUnseen(handle) {
      await shared.write(handle, 'SELECT * FROM no_such_table').catch(() => undefined);
    },
    async commitItself(handle) {
      await shared.write(handle, 'COMMIT');
    },
    strangers: [undefined, null, 1, 'BEGIN', {}, client],
    atOnce: shared.atOnce,
  };
  return { transactions };
}

/** A transaction that begins and ends in a callback, held open until somebody says how it ends. */
async function begin({ transaction }: SharedTransactions): Promise<OpenTransaction> {
  let settle: { readonly commit: () => void; readonly rollback: (error: Error) => void } | undefined;
  const settled = new Promise<void>((commit, rollback) => {
    settle = { commit, rollback };
  });
  let ended: Promise<void> = Promise.resolve();
  const handle = await new Promise<unknown>((resolve, reject) => {
    ended = transaction((begun) => {
      resolve(begun);
      return settled;
    });
    ended.catch(reject);
  });
  return {
    handle,
    async commit() {
      settle?.commit();
      await ended;
    },
    async rollback() {
      settle?.rollback(new Error('rolled back'));
      await ended.catch(() => undefined);
    },
  };
}
