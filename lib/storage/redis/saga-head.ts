import type { HeadRow } from '../rows/saga-rows.js';

/** The fields of a head that a summary is made of. */
export const SUMMARY_FIELDS = [
  'name',
  'definitionVersion',
  'planHash',
  'status',
  'worker',
  'dueAt',
  'heldCode',
  'heldReason',
  'error',
  'failedStep',
  'createdAt',
  'updatedAt',
] as const;

/** Every field of a head; times are milliseconds, what is absent has no field. */
export type HeadField =
  | (typeof SUMMARY_FIELDS)[number]
  | 'plan'
  | 'version'
  | 'seq'
  | 'at'
  | 'writeId'
  | 'context'
  | 'snapshot'
  | 'snapshotVersion';

/** A head as Redis gives it: all values are texts. */
export type HeadFields = Readonly<Partial<Record<HeadField, string>>>;

/** A head of a flat list of fields and values, as `HGETALL` gives it in a script. */
export function headOfPairs(pairs: readonly string[]): HeadFields {
  const head: Partial<Record<string, string>> = {};
  for (let i = 0; i < pairs.length; i += 2) head[pairs[i] ?? ''] = pairs[i + 1];
  return head;
}

/** A head of the values of {@link SUMMARY_FIELDS}, in their order; `undefined` if there is none. */
export function headOfValues(values: readonly (string | null)[]): HeadFields | undefined {
  const known = SUMMARY_FIELDS.map((field, i) => [field, values[i] ?? undefined] as const);
  const head: HeadFields = Object.fromEntries(known.filter(([, value]) => value !== undefined));
  return head.name === undefined ? undefined : head;
}

/** A head in the form that storages share. */
export function toHeadRow(id: string, head: HeadFields): HeadRow {
  return {
    id,
    name: head.name ?? '',
    definition_version: Number(head.definitionVersion),
    plan: head.plan ?? '',
    plan_hash: head.planHash ?? '',
    status: head.status ?? '',
    worker: head.worker ?? null,
    due_at: head.dueAt === undefined ? null : Number(head.dueAt),
    held_reason: head.heldReason ?? null,
    error: head.error ?? null,
    failed_step: head.failedStep ?? null,
    created_at: Number(head.createdAt),
    updated_at: Number(head.updatedAt),
    snapshot_version: Number(head.snapshotVersion ?? 0),
  };
}
