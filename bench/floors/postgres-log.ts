import type { Pool } from 'pg';
import type { OrderStep } from '../order-saga.js';
import { FLOOR_WORKER, type AppendRow, type FloorRow } from './order-log.js';

/** While the server makes one batch durable, the next one is on its way. */
const BATCHES_UNDER_WAY = 2;

/** More rows do not make a batch any cheaper, and let the server wait for the next one. */
const MOST_ROWS = 512;

/**
 * The tables of the floor: the log, and a head by which recovery finds sagas of workers that are gone. No index beyond the primary keys but
 * the one for that.
 */
export async function createFloorTables(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE TABLE heads (
      id text COLLATE "C" PRIMARY KEY, name text NOT NULL, status text NOT NULL, worker text, error json,
      created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, plan_hash text NOT NULL, plan json NOT NULL
    );
    CREATE INDEX heads_unfinished ON heads (worker) WHERE status NOT IN ('COMPLETED', 'FAILED');
    CREATE TABLE log (
      saga_id text COLLATE "C" NOT NULL, version integer NOT NULL, write_id text NOT NULL, worker text NOT NULL, at timestamptz NOT NULL,
      first_seq integer NOT NULL, last_seq integer NOT NULL, entries json NOT NULL, context json,
      PRIMARY KEY (saga_id, version)
    );
  `);
}

interface Waiting {
  readonly row: FloorRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Rows that meet are written by one statement, which is one commit. A head comes in only where its id is free, a row only where its
 * version is, and a head changes only with its row; whoever finds the place taken is told so.
 */
export function inPostgresGroups(pool: Pool, steps: readonly OrderStep[]): AppendRow {
  const plan = JSON.stringify(steps.map(({ name }) => ({ step: name, kind: 'compensatable' })));
  let waiting: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || waiting.length === 0 || underWay === BATCHES_UNDER_WAY) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void commit();
    });
  };
  const commit = async (): Promise<void> => {
    const batch = waiting.slice(0, MOST_ROWS);
    waiting = waiting.slice(MOST_ROWS);
    underWay++;
    schedule();
    try {
      const { rows } = await pool.query<{ saga_id: string }>(statementOf(batch, plan));
      const written = new Set(rows.map(({ saga_id: id }) => id));
      for (const { row, resolve, reject } of batch) {
        if (written.has(row.sagaId)) resolve();
        else reject(new Error(`saga ${row.sagaId} has a version ${row.version} already`));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    underWay--;
    schedule();
  };
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      schedule();
    });
}

const STATUS = { turned: 'COMPENSATING', completed: 'COMPLETED', failed: 'FAILED' } as const;

const INSERT_ROWS = `
  INSERT INTO log (saga_id, version, write_id, worker, at, first_seq, last_seq, entries, context)
  SELECT saga_id, version, write_id, '${FLOOR_WORKER}', now(), first_seq, last_seq, entries, context
  FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::int[], $6::json[], $7::json[])
    AS row (saga_id, version, write_id, first_seq, last_seq, entries, context)`;

const INSERT_HEADS = `
  INSERT INTO heads (id, name, status, worker, created_at, updated_at, plan_hash, plan)
  SELECT id, 'order', 'RUNNING', '${FLOOR_WORKER}', now(), now(), '0123456789abcdef', $9::json FROM unnest($8::text[]) AS new (id)
  ON CONFLICT DO NOTHING RETURNING id`;

const CHANGE_HEADS = (first: number): string => `
  UPDATE heads SET status = change.status, updated_at = now(),
    worker = CASE change.status WHEN 'COMPENSATING' THEN heads.worker END, error = COALESCE(change.error, heads.error)
  FROM unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::json[]) AS change (id, status, error)
  JOIN appended ON appended.saga_id = change.id
  WHERE heads.id = change.id`;

/** The parts that a batch needs; a plain `INSERT` if it only adds to the log. */
function statementOf(batch: readonly Waiting[], plan: string): { text: string; values: unknown[] } {
  const rows = batch.map(({ row }) => row);
  const created = rows.filter(({ changes }) => changes === 'created');
  const changed = rows.filter(({ changes }) => changes !== undefined && changes !== 'created');
  const values: unknown[] = [
    rows.map(({ sagaId }) => sagaId),
    rows.map(({ version }) => version),
    rows.map(({ writeId }) => writeId),
    rows.map(({ firstSeq }) => firstSeq),
    rows.map(({ lastSeq }) => lastSeq),
    rows.map(({ entries }) => entries),
    rows.map(({ context }) => context),
  ];
  if (created.length > 0)
    values.push(
      created.map(({ sagaId }) => sagaId),
      plan,
    );
  const first = values.length + 1;
  if (changed.length > 0) {
    values.push(
      changed.map(({ sagaId }) => sagaId),
      changed.map(({ changes }) => STATUS[changes as keyof typeof STATUS]),
      changed.map(({ error }) => error ?? null),
    );
  }
  const insert = `${INSERT_ROWS}
    ${created.length > 0 ? 'WHERE version > 1 OR saga_id IN (SELECT id FROM created)' : ''}
    ON CONFLICT DO NOTHING RETURNING saga_id`;
  if (created.length === 0 && changed.length === 0) return { text: insert, values };
  const parts = [
    ...(created.length > 0 ? [`created AS (${INSERT_HEADS})`] : []),
    `appended AS (${insert})`,
    ...(changed.length > 0 ? [`changed AS (${CHANGE_HEADS(first)})`] : []),
  ];
  return { text: `WITH ${parts.join(', ')} SELECT saga_id FROM appended`, values };
}
