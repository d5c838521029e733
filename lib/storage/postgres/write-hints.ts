import { randomUUID } from 'node:crypto';
import { hintMessage, readMessage, sagasOfHint } from '../hint-message.js';
import type { HintTopic } from '../hint-topic.js';
import type { SagaTables, Sql } from '../sql/saga-tables.js';
import { arrayText } from './array-text.js';
import type { PostgresSession } from './postgres-connection.js';

/** A payload has to be shorter than 8,000 bytes. */
const LONGEST_PAYLOAD = 7_900;

/** The first half of the advisory locks by which listeners are known; the second half is the number of the table of heads. */
const LISTENING = 1_936_025_959;

/** Applications that share tables share channels, whatever they call the schema: the server's number of the table of heads tells. */
const tableNumber = ({ heads }: SagaTables): string => `'${heads.replaceAll("'", "''")}'::regclass::oid`;

/** The names of the channels, one for each topic. */
export const SELECT_CHANNELS: Sql = (tables) => `
  SELECT 'nest_saga_written_' || ${tableNumber(tables)} AS written, 'nest_saga_wanted_' || ${tableNumber(tables)} AS wanted`;

/** Who listens to `written` holds this lock for as long as its connection lives, so that the server lets it go by itself. */
export const HOLD_LISTENING: Sql = (tables) =>
  `SELECT pg_advisory_lock_shared(${LISTENING}, ${tableNumber(tables)}::int)`;
export const LET_LISTENING_GO: Sql = (tables) =>
  `SELECT pg_advisory_unlock_shared(${LISTENING}, ${tableNumber(tables)}::int)`;

/** Where the lock can be had, nobody listens, and nothing is sent. (Two that try it at once each see the other: a hint too many.) */
const NOTIFY_WRITTEN: Sql = (tables) => `
  SELECT CASE WHEN pg_try_advisory_xact_lock(${LISTENING}, ${tableNumber(tables)}::int) THEN false
    ELSE pg_notify('nest_saga_written_' || ${tableNumber(tables)}, payload) IS NOT NULL END AS heard
  FROM unnest($1::text[]) payload`;

/** Every worker listens to `wanted`, and it is told of rarely. */
const NOTIFY_WANTED: Sql = (tables) => `
  SELECT pg_notify('nest_saga_wanted_' || ${tableNumber(tables)}, payload) IS NOT NULL AS heard FROM unnest($1::text[]) payload`;

/**
 * Tells other processes of writes by NOTIFY: in statements of their own, behind the writes, because a transaction that notifies
 * makes all others that do so wait until it is committed, and hints are worth no wait.
 */
export class WriteHints {
  /** Whose hints these are: nobody has to hear its own. */
  readonly sender = randomUUID();

  constructor(private readonly session: PostgresSession) {}

  /** Tells whether anybody listens. */
  async send(topic: HintTopic, sagaIds: readonly string[]): Promise<'heard' | 'unheard'> {
    const payloads = sagaIds.length === 0 ? [hintMessage(this.sender, [])] : payloadsOf(this.sender, sagaIds);
    return this.notify(topic === 'written' ? NOTIFY_WRITTEN : NOTIFY_WANTED, payloads);
  }

  /** Sends what only this sender understands, to find out whether a connection hears anything. */
  async echo(): Promise<void> {
    await this.notify(NOTIFY_WANTED, [JSON.stringify(this.sender)]);
  }

  private async notify(sql: Sql, payloads: readonly string[]): Promise<'heard' | 'unheard'> {
    const rows = await this.session.all<{ heard: boolean }>(sql, arrayText(payloads));
    return rows.some(({ heard }) => heard) ? 'heard' : 'unheard';
  }
}

/** What a payload says: sagas that somebody else has written to, or our own echo. */
export function readPayload(payload: string | undefined, sender: string): readonly string[] | 'echo' | undefined {
  const said = readMessage(payload ?? '');
  return said === sender ? 'echo' : sagasOfHint(said, sender);
}

/** As few payloads as these ids fit in. */
function payloadsOf(sender: string, sagaIds: readonly string[]): readonly string[] {
  const payloads: string[] = [];
  let parts = JSON.stringify(sender);
  let hasIds = false;
  for (const id of sagaIds) {
    const part = `,${JSON.stringify(id)}`;
    if (hasIds && Buffer.byteLength(parts) + Buffer.byteLength(part) + 2 > LONGEST_PAYLOAD) {
      payloads.push(`[${parts}]`);
      parts = JSON.stringify(sender);
    }
    parts += part;
    hasIds = true;
  }
  return [...payloads, `[${parts}]`];
}
