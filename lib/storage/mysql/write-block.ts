import { boundStatement, listOf, type BoundStatement, type Expression } from './bound-statement.js';
import { NOW, milliseconds } from './database-clock.js';
import type { MysqlConnection } from './mysql-connection.js';
import { fitsPacket } from './packets.js';
import type { SagaAppend, SagaWrite } from './saga-write.js';
import { addRows, changeHeads } from './write-statements.js';

/** What a block selects when everything in it has happened. */
export interface BlockRow {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** The block's own variable; no column has its name. */
const AT: Expression = { sql: 'nest_saga_at' };

const REFUSE = `SIGNAL SQLSTATE '45000'`;

/** Has all parts of a block that not every server and client takes, and gives 1. */
export const TRIAL: BoundStatement = blockOf([
  { text: `DECLARE ${AT.sql} BIGINT DEFAULT ?`, values: [1] },
  { text: `IF ${AT.sql} <> ? THEN ${REFUSE}; END IF`, values: [1] },
  { text: `SELECT ${milliseconds(AT.sql)} AS at`, values: [] },
]);

/**
 * A batch as one block, which MariaDB runs as a program of its own: one round trip instead of up to eight. It takes for granted that nothing
 * is in the way of any write, and fails whole where something is. Who knows of requests needs more than that: for such a batch, and for one
 * that fits into no packet, there is no block.
 *
 * Heads change first, because that locks them: nobody stores a request for them any more, and the look behind it, which is the
 * transaction's first, shows all that were stored before. Two batches that lock in another order may end in a deadlock, of which one is
 * tried again.
 */
export function writeBlock(connection: MysqlConnection, batch: readonly SagaWrite[]): BoundStatement | undefined {
  const appends = batch.filter((write) => write.kind === 'append');
  if (appends.some(({ known, answered }) => known.length + answered.length > 0)) return undefined;
  const writes = batch.map((write) => ({ write, at: AT }));
  const block = blockOf([
    plain(`DECLARE ${AT.sql} BIGINT DEFAULT ${NOW}`),
    plain('SET TRANSACTION ISOLATION LEVEL READ COMMITTED'),
    plain('START TRANSACTION'),
    ...changeHeads(connection, writes),
    ...(appends.length > 0 ? [refuseUnlessFree(connection, appends)] : []),
    ...addRows(connection, writes),
    plain('COMMIT'),
    plain(`SELECT ${milliseconds(AT.sql)} AS at`),
  ]);
  return fitsPacket(block, connection.maxPacket) ? block : undefined;
}

/**
 * A saga whose last row is not there, or is of a later time than the server's clock, and one that an operator waits for, stand in the
 * way. (That the place is free, the row itself finds out.)
 */
function refuseUnlessFree({ tables }: MysqlConnection, appends: readonly SagaAppend[]): BoundStatement {
  const { log, requests } = tables;
  const rows = appends.map(({ row }) => row);
  return boundStatement((bind) => {
    const places = rows.map(({ sagaId, version }) => listOf(bind, [sagaId, version - 1]));
    const last = `SELECT COUNT(*) FROM ${log} WHERE (saga_id, version) IN (${places.join(', ')}) AND at <= ${bind(AT)}`;
    const sagas = listOf(
      bind,
      rows.map(({ sagaId }) => sagaId),
    );
    // Mostly there are no requests at all, and then nobody looks for them saga by saga.
    const asked = `EXISTS (SELECT 1 FROM ${requests}) AND EXISTS (SELECT 1 FROM ${requests} WHERE saga_id IN ${sagas})`;
    return `IF (${last}) <> ${rows.length} OR (${asked}) THEN ${REFUSE}; END IF`;
  });
}

function plain(text: string): BoundStatement {
  return { text, values: [] };
}

function blockOf(statements: readonly BoundStatement[]): BoundStatement {
  const texts = statements.map(({ text }) => `${text};`);
  return { text: ['BEGIN NOT ATOMIC', ...texts, 'END'].join('\n'), values: statements.flatMap(({ values }) => values) };
}
