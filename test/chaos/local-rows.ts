import type { LogEntry } from 'nest-saga';
import type { ApplicationRow } from '../harness/application-table.js';
import type { StepSpec } from './definitions.js';
import { ORDER } from './saga-classes.js';
import type { SagaEnd } from './verdict.js';

/** Whether a step wrote it, and not who started the saga. */
export function isOfStep({ step }: ApplicationRow): boolean {
  return step !== ORDER.step;
}

/** Exactly once: what was written in a transaction, and what the log says of it, are there both or neither. */
export function apart({ rows, history, startedWithin }: SagaEnd, steps: readonly StepSpec[]): string[] {
  const local = new Set(steps.flatMap(({ name, transactional }) => (transactional ? [name] : [])));
  const written = rows.filter(isOfStep).map(nameOf).toSorted();
  const completed = history.flatMap((entry) => completionOf(entry, local)).toSorted();
  const orders = rows.length - written.length;
  return [
    ...(written.join() === completed.join()
      ? []
      : [`its own rows are of ${written.join()}, and its log has completed ${completed.join()}`]),
    ...(orders > 0 === startedWithin
      ? []
      : [`it exists, and what was to be written with its start: ${String(orders)} rows`]),
  ];
}

function completionOf(entry: LogEntry, local: ReadonlySet<string>): string[] {
  const isLocal = entry.step !== undefined && entry.event === 'completed' && local.has(entry.step);
  return isLocal ? [nameOf(entry)] : [];
}

function nameOf({ phase, attempt, step }: Pick<ApplicationRow, 'phase' | 'attempt' | 'step'>): string {
  return `${phase} ${String(attempt)} of ${step}`;
}
