import type { HeadChange, SagaTransition } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import type { RowSetColumn, RowSetColumns } from './row-set.js';
import { jsonTextColumn, valueColumn } from './row-set-columns.js';

/** What changes in a head, by the names of its columns; the booleans say which do where `null` is a value too. */
export type HeadUpdate = {
  readonly saga_id: string;
  /** Whether anything changes that somebody looks for; a snapshot alone is no such change. */
  readonly moves: boolean;
  readonly status: string | null;
  readonly leaves_worker: boolean;
  readonly sets_due: boolean;
  readonly due_in: number | null;
  readonly sets_held: boolean;
  readonly held_code: string | null;
  readonly held_reason: string | null;
  readonly sets_error: boolean;
  readonly error: string | null;
  readonly error_message: string | null;
  readonly sets_failed_step: boolean;
  readonly failed_step: string | null;
  /** Lets loads begin at this row. */
  readonly snapshot_version: number | null;
};

/** Columns of heads, by the names of a {@link HeadUpdate}'s columns that say how they change. */
interface ChangingColumns {
  /** The columns of the updates. */
  readonly from: RowSetColumns<HeadUpdate>;
  /** The columns that may change, as they are after `change` of a `locked` head; `at` is the time of its `appended` row. */
  readonly to: Readonly<Record<string, string>>;
}

/** Where a saga stands, and who has to care. */
const STANDING = {
  from: {
    saga_id: valueColumn<HeadUpdate>('text', (update) => update.saga_id),
    moves: valueColumn<HeadUpdate>('boolean', (update) => update.moves),
    status: valueColumn<HeadUpdate>('text', (update) => update.status),
    leaves_worker: valueColumn<HeadUpdate>('boolean', (update) => update.leaves_worker),
    sets_due: valueColumn<HeadUpdate>('boolean', (update) => update.sets_due),
    due_in: valueColumn<HeadUpdate>('float8', (update) => update.due_in),
  },
  to: {
    status: 'COALESCE(change.status, locked.status)',
    worker: 'CASE WHEN change.leaves_worker THEN NULL ELSE locked.worker END',
    due_at: `CASE WHEN change.sets_due THEN appended.at + change.due_in * interval '1 millisecond' ELSE locked.due_at END`,
    updated_at: 'CASE WHEN change.moves THEN appended.at ELSE locked.updated_at END',
  },
} as const;

/** Why it stands there, and where loads begin: most sagas never need it. */
const REASONS = {
  from: {
    sets_held: valueColumn<HeadUpdate>('boolean', (update) => update.sets_held),
    held_code: valueColumn<HeadUpdate>('text', (update) => update.held_code),
    held_reason: jsonTextColumn<HeadUpdate>((update) => update.held_reason),
    sets_error: valueColumn<HeadUpdate>('boolean', (update) => update.sets_error),
    error: jsonTextColumn<HeadUpdate>((update) => update.error),
    error_message: valueColumn<HeadUpdate>('text', (update) => update.error_message),
    sets_failed_step: valueColumn<HeadUpdate>('boolean', (update) => update.sets_failed_step),
    failed_step: valueColumn<HeadUpdate>('text', (update) => update.failed_step),
    snapshot_version: valueColumn<HeadUpdate>('int', (update) => update.snapshot_version),
  },
  to: {
    held_code: 'CASE WHEN change.sets_held THEN change.held_code ELSE locked.held_code END',
    held_reason: 'CASE WHEN change.sets_held THEN change.held_reason ELSE locked.held_reason END',
    error: 'CASE WHEN change.sets_error THEN change.error ELSE locked.error END',
    error_message: 'CASE WHEN change.sets_error THEN change.error_message ELSE locked.error_message END',
    failed_step: 'CASE WHEN change.sets_failed_step THEN change.failed_step ELSE locked.failed_step END',
    snapshot_version: 'COALESCE(change.snapshot_version, locked.snapshot_version)',
  },
} as const;

const STANDING_AND_REASONS = {
  from: { ...STANDING.from, ...REASONS.from } satisfies Record<keyof HeadUpdate, RowSetColumn<HeadUpdate>>,
  to: { ...STANDING.to, ...REASONS.to },
};

/** What these updates need, and no more: the server makes a list of each column that it is given, and a value of each that it has to set. */
export function changingColumns(updates: readonly HeadUpdate[]): ChangingColumns {
  return updates.some(givesReasons) ? STANDING_AND_REASONS : STANDING;
}

function givesReasons({ sets_held, sets_error, sets_failed_step, snapshot_version }: HeadUpdate): boolean {
  return sets_held || sets_error || sets_failed_step || snapshot_version !== null;
}

const UNCHANGED: HeadChange = {};

/**
 * What a transition changes in the head; `undefined` when it only adds to the log. One literal with every column: putting it together of
 * spreads was 2 % of what a saga costs the process.
 */
export function changeHead({ id: sagaId, version, head, snapshot }: SagaTransition): HeadUpdate | undefined {
  if (head === undefined && snapshot === undefined) return undefined;
  const { status, worker, dueIn, heldReason, error, failedStep } = head ?? UNCHANGED;
  return {
    saga_id: sagaId,
    moves: head !== undefined,
    status: status ?? null,
    leaves_worker: worker === null,
    sets_due: dueIn !== undefined,
    due_in: dueIn ? Math.ceil(dueIn) : (dueIn ?? null),
    sets_held: heldReason !== undefined,
    held_code: heldReason ? heldReason.code : null,
    held_reason: heldReason ? jsonText(heldReason, { sagaId, what: 'held reason' }) : null,
    sets_error: error !== undefined,
    error: error ? jsonText(error, { sagaId, what: 'error' }) : null,
    error_message: error ? searchable(error.message) : null,
    sets_failed_step: failedStep !== undefined,
    failed_step: failedStep ?? null,
    snapshot_version: snapshot === undefined ? null : version,
  };
}

/** A message as it can be searched: PostgreSQL's texts hold no NUL characters, and JSON with one cannot be looked into. */
function searchable(message: string): string {
  return message.replace(/\0|\p{Surrogate}/gu, '\ufffd');
}
