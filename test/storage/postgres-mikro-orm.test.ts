import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { CONNECTIONS } from '../harness/client-library.js';
import { mikroOrmOptions } from '../harness/postgres-clients.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

interface Note {
  readonly note: string;
}

const Note = new EntitySchema<Note>({
  name: 'Note',
  tableName: 'test_notes',
  properties: { note: { type: 'string', primary: true } },
});

await whereThereIsPostgres('The EntityManager of MikroORM in a transaction of PostgresSagaStorage', () => {
  let schema: PostgresSchema;
  let orm: MikroORM;
  let storage: PostgresSagaStorage<MikroORM>;
  beforeAll(async () => {
    schema = await PostgresSchema.create();
    await schema.query('CREATE TABLE test_notes (note text PRIMARY KEY)');
    orm = await MikroORM.init({ ...mikroOrmOptions(schema), entities: [Note] });
    storage = new PostgresSagaStorage({ client: orm, poolSize: CONNECTIONS });
    await storage.open();
  });
  afterAll(async () => {
    await storage.close();
    await orm.close();
    await schema.drop();
  });
  const notes = () => schema.query('SELECT note FROM test_notes');

  it('is flushed before the row of the saga is written', async () => {
    await storage.create({ ...NEW_SAGA, id: 'flushed', writeId: 'create flushed' });
    await storage.transaction(async ({ handle, transition }) => {
      handle.persist(handle.create(Note, { note: 'persisted' }));
      await transition({ ...NEXT, id: 'flushed', writeId: 'append flushed' });
      expect(handle.getUnitOfWork().getPersistStack().size).toBe(0);
    });
    expect(await notes()).toEqual([{ note: 'persisted' }]);
  });

  it('is where the injected one leads to', async () => {
    const failed = new Error('the step fails');
    await expect(
      storage.transaction(async ({ handle }) => {
        expect(orm.em.getTransactionContext()).toBe(handle.getTransactionContext());
        await orm.em.persist(orm.em.create(Note, { note: 'by the injected one' })).flush();
        throw failed;
      }),
    ).rejects.toBe(failed);
    expect(await notes()).not.toContainEqual({ note: 'by the injected one' });
  });
});

const NEW_SAGA = {
  name: 'Order',
  definitionVersion: 1,
  plan: [{ step: 'charge', kind: 'compensatable' }],
  planHash: 'hash',
  status: 'RUNNING',
  worker: 'w1',
  context: {},
  entries: [{ event: 'created' }],
} as const;

const NEXT = {
  version: 2,
  seq: 2,
  entries: [{ event: 'completed', step: 'charge', phase: 'act', attempt: 1 }],
  worker: 'w1',
  knownRequests: [],
} as const;
