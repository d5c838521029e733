import type { HeadChange, SagaTransition } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import {
  boundStatement,
  listOf,
  type Bind,
  type Bindable,
  type BoundStatement,
  type Operand,
} from './bound-statement.js';
import { later, type Moment } from './database-clock.js';
import { storableDelay, storableName } from './storable-value.js';

/** What changes in a head, by the names of its columns; a column that is not named stays as it is. */
export interface HeadUpdate {
  readonly id: string;
  readonly columns: Readonly<Record<string, Bindable>>;
  /** When the saga is due, in milliseconds after the write; `null`: never, or at once. */
  readonly dueIn?: number | null;
  /** Whether anything changes that somebody looks for; a snapshot alone is no such change. */
  readonly moves: boolean;
}

/** A change of a head at a time. */
export interface TimedUpdate {
  readonly update: HeadUpdate;
  readonly at: Moment;
}

/** What a transition changes in the head; `undefined` when it only adds to the log. */
export function changeHead({ id, head, snapshot, version }: SagaTransition): HeadUpdate | undefined {
  if (head === undefined && snapshot === undefined) return undefined;
  return {
    id,
    columns: {
      ...(head && columnsOf(id, head)),
      // Lets loads begin at this row.
      ...(snapshot !== undefined && { snapshot_version: version }),
    },
    ...(head?.dueIn !== undefined && { dueIn: head.dueIn && storableDelay('due time', head.dueIn) }),
    moves: head !== undefined,
  };
}

function columnsOf(sagaId: string, change: HeadChange): Readonly<Record<string, Bindable>> {
  const { status, worker, heldReason, error, failedStep } = change;
  return {
    ...(status !== undefined && { status }),
    ...(worker === null && { worker }),
    ...(heldReason !== undefined && {
      held_code: heldReason && heldReason.code,
      held_reason: heldReason && jsonText(heldReason, { sagaId, what: 'held reason' }),
    }),
    ...(error !== undefined && {
      error: error && jsonText(error, { sagaId, what: 'error' }),
      error_search: error && searchable(error.message),
    }),
    ...(failedStep !== undefined && { failed_step: failedStep && storableName('failed step', failedStep) }),
  };
}

/** Text as it is searched: by its bytes, ASCII letters in lower case, because the server's LOWER() knows all other letters too. */
export function searchable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\ufffd').replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Changes many heads, with a statement for each set of columns that change; mostly that is one. */
export function updateHeads(heads: string, updates: readonly TimedUpdate[]): readonly BoundStatement[] {
  const rows = updates.map(({ update, at }) => ({ id: update.id, columns: timedColumns(update, at) }));
  const alike = new Map<string, ChangedRow[]>();
  for (const row of rows) {
    const shape = Object.keys(row.columns).join();
    alike.set(shape, [...(alike.get(shape) ?? []), row]);
  }
  return [...alike.values()].map((group) =>
    boundStatement((bind) => {
      const names = Object.keys(group[0]?.columns ?? {});
      const sets = names.map((name) => `${name} = ${valueOf(bind, name, group)}`);
      return `UPDATE ${heads} SET ${sets.join(', ')} WHERE id IN ${listOf(
        bind,
        group.map(({ id }) => id),
      )}`;
    }),
  );
}

function timedColumns({ columns, dueIn, moves }: HeadUpdate, at: Moment): Readonly<Record<string, Operand>> {
  return {
    ...columns,
    ...(dueIn !== undefined && { due_at: dueIn === null ? null : later(at, dueIn) }),
    ...(moves && { updated_at: at }),
  };
}

interface ChangedRow {
  readonly id: string;
  readonly columns: Readonly<Record<string, Operand>>;
}

/** One value where all heads get the same, else one for each. */
function valueOf(bind: Bind, column: string, rows: readonly ChangedRow[]): string {
  const first = rows[0]?.columns[column] ?? null;
  if (rows.every(({ columns }) => columns[column] === first)) return bind(first);
  const cases = rows.map(({ id, columns }) => `WHEN ${bind(id)} THEN ${bind(columns[column] ?? null)}`);
  return `CASE id ${cases.join(' ')} END`;
}
