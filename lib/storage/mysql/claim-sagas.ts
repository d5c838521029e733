import type { LoadedSaga } from '../saga-record.js';
import type { ClaimQuery } from '../saga-queries.js';
import type { NewRow } from '../rows/new-row.js';
import { isStorable } from '../rows/storable.js';
import { boundStatement, listOf, type BoundStatement } from './bound-statement.js';
import { selectClaimable, selectLeads, selectOrphans } from './claimable-sagas.js';
import { NEW_ROW_COLUMNS, insertRows, rowValues } from './insert-rows.js';
import { loadSagas } from './load-saga.js';
import type { MysqlConnection, MysqlSession } from './mysql-connection.js';
import { storableName } from './storable-value.js';

/** Several workers look for the same sagas at the same time. So that each finds some, they look for more than they take. */
const CANDIDATES_PER_CLAIM = 4;

/** Workers that are gone whose sagas one claim looks at. */
const OWNERS_PER_CLAIM = 32;

interface Candidate {
  readonly id: string;
  /** Since when it has been waiting; milliseconds since the epoch. */
  readonly since: number;
}

interface Lead extends Candidate {
  readonly kind: 'owner' | 'saga';
}

interface Claimable extends Candidate {
  readonly now: number;
  /** Of the last row; `null` where the log is empty. */
  readonly version: number | null;
  readonly last_seq: number | null;
  readonly at: number | null;
}

/**
 * Takes over what qualifies. Looks first without any lock, since most polls find nothing; then locks what it found, and looks again: what
 * others did until then shows in a statement that begins under the locks.
 */
export async function claimSagas(connection: MysqlConnection, query: ClaimQuery): Promise<readonly LoadedSaga[]> {
  const worker = storableName('worker', query.worker);
  const { tables } = connection;
  const asked = query.ids?.filter(isStorable);
  const candidates = asked ? asked.toSorted(byBytes) : await findCandidates(connection, query);
  if (candidates.length === 0) return [];
  const taken = await connection.transaction(async (session) => {
    const locked = asked
      ? await lockAsked(session, tables.heads, candidates)
      : await lockFree(session, tables.heads, { candidates, limit: query.limit });
    if (locked.length === 0) return [];
    const { text, values } = selectClaimable(tables, { query, ids: locked });
    const claimable = [...(await session.allOnce<Claimable>(text, ...values))].sort(byWaiting).slice(0, query.limit);
    for (const statement of takeOver(connection, { claimable, worker, isAsked: asked !== undefined })) {
      await session.allOnce(statement.text, ...statement.values);
    }
    return claimable.map(({ id }) => id);
  });
  return loadSagas(connection, { tables, ids: taken });
}

async function findCandidates(connection: MysqlConnection, query: ClaimQuery): Promise<readonly string[]> {
  const { tables } = connection;
  const limit = query.limit * CANDIDATES_PER_CLAIM;
  const leads = selectLeads(tables, query);
  const found = await connection.allOnce<Lead>(leads.text, ...leads.values);
  const owners = found.filter(({ kind }) => kind === 'owner').map(({ id }) => id);
  const candidates: Candidate[] = found.filter(({ kind }) => kind === 'saga');
  if (owners.length > 0) {
    const orphans = selectOrphans(tables, { query, owners: someOf(owners), limit });
    candidates.push(...(await connection.allOnce<Candidate>(orphans.text, ...orphans.values)));
  }
  return [...new Set(candidates.sort(byWaiting).map(({ id }) => id))].slice(0, limit);
}

/** Where many workers are gone, not always the same of them: those may have left nothing that is due, or that is known here. */
function someOf(owners: readonly string[]): readonly string[] {
  if (owners.length <= OWNERS_PER_CLAIM) return owners;
  const first = Math.floor(Math.random() * owners.length);
  return [...owners.slice(first), ...owners.slice(0, first)].slice(0, OWNERS_PER_CLAIM);
}

/** Recovery leaves what others have locked, since somebody takes care of it, and locks no more than it takes. */
async function lockFree(
  session: MysqlSession,
  heads: string,
  { candidates, limit }: { readonly candidates: readonly string[]; readonly limit: number },
): Promise<readonly string[]> {
  const locked: string[] = [];
  let left = candidates;
  while (locked.length < limit && left.length > 0) {
    const next = left.slice(0, limit - locked.length);
    left = left.slice(next.length);
    locked.push(...(await lock(session, heads, { ids: next, wait: 'SKIP LOCKED' })));
  }
  return locked;
}

/** Who asks for sagas by their ids waits for them, in the order in which everybody locks. */
function lockAsked(session: MysqlSession, heads: string, ids: readonly string[]): Promise<readonly string[]> {
  return lock(session, heads, { ids, wait: '' });
}

async function lock(
  session: MysqlSession,
  heads: string,
  { ids, wait }: { readonly ids: readonly string[]; readonly wait: 'SKIP LOCKED' | '' },
): Promise<readonly string[]> {
  const { text, values } = boundStatement(
    (bind) =>
      `SELECT id FROM ${heads} FORCE INDEX (PRIMARY) WHERE id IN ${listOf(bind, ids)} ORDER BY id FOR UPDATE ${wait}`,
  );
  return (await session.allOnce<{ id: string }>(text, ...values)).map(({ id }) => id);
}

/**
 * The row that makes it so, then the head. The worker before may write once more between the look and the row: then its place is taken,
 * and the claim begins again.
 */
function takeOver(
  { tables, maxPacket }: MysqlConnection,
  { claimable, worker, isAsked }: { claimable: readonly Claimable[]; worker: string; isAsked: boolean },
): readonly BoundStatement[] {
  if (claimable.length === 0) return [];
  const entries = JSON.stringify([{ event: 'claimed', ...(isAsked && { asked: true }) }]);
  const rows = claimable.map(({ id, now, version, last_seq: lastSeq, at }) =>
    rowValues(claimedRow({ sagaId: id, version, lastSeq, worker, entries }), Math.max(now, at ?? 0)),
  );
  const ids = claimable.map(({ id }) => id);
  return [
    ...insertRows({ into: tables.log, columns: NEW_ROW_COLUMNS, rows, maxPacket }),
    boundStatement(
      (bind) => `
      UPDATE ${tables.heads} head
      SET worker = ${bind(worker)}, due_at = NULL, held_code = NULL, held_reason = NULL, updated_at = (
        SELECT at FROM ${tables.log} WHERE saga_id = head.id ORDER BY version DESC LIMIT 1
      )
      WHERE id IN ${listOf(bind, ids)}`,
    ),
  ];
}

function claimedRow(row: {
  readonly sagaId: string;
  readonly version: number | null;
  readonly lastSeq: number | null;
  readonly worker: string;
  readonly entries: string;
}): NewRow {
  const { sagaId, worker, entries } = row;
  const seq = (row.lastSeq ?? 0) + 1;
  const version = (row.version ?? 0) + 1;
  const writeId = crypto.randomUUID();
  return { sagaId, version, writeId, worker, firstSeq: seq, lastSeq: seq, entries, context: null, snapshot: null };
}

function byWaiting(one: Candidate, other: Candidate): number {
  return one.since - other.since || byBytes(one.id, other.id);
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
