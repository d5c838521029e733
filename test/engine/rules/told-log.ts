import type { Surroundings } from '../../../lib/engine/rules/surroundings.js';
import { applyEntry } from '../../../lib/engine/rules/fold.js';
import { NEW_SAGA, type SagaState } from '../../../lib/engine/rules/saga-state.js';
import type { EntryDraft, Phase, StepFailed } from '../../../lib/storage/log-entry.js';
import type { OperatorRequest } from '../../../lib/storage/operator-request.js';
import type { StoredError } from '../../../lib/storage/stored-error.js';

// A log as the tests of the rules tell it: entry by entry, in the words of the log.

export const ERROR: StoredError = { name: 'Error', message: 'sold out' };

export const created: EntryDraft = { event: 'created' };
export const claimed: EntryDraft = { event: 'claimed' };
export const turned: EntryDraft = { event: 'compensating', reason: 'step-failed', round: 1 };
export const roundFailed: EntryDraft = { event: 'compensation-failed', retryIn: 1_000 };

export function started(step: string, attempt = 1): EntryDraft {
  return { event: 'started', step, phase: 'act', attempt };
}

export function completed(step: string): EntryDraft {
  return { event: 'completed', step, phase: 'act', attempt: 1 };
}

/** Started and completed. */
export function acted(...steps: readonly string[]): readonly EntryDraft[] {
  return steps.flatMap((step) => [started(step), completed(step)]);
}

export function failed(step: string, more: Partial<StepFailed> = {}, phase: Phase = 'act'): EntryDraft {
  return { event: 'failed', step, phase, attempt: 1, outcome: 'failed', error: ERROR, ...more };
}

export function undoStarted(step: string, attempt = 1): EntryDraft {
  return { event: 'started', step, phase: 'compensate', attempt };
}

export function undone(step: string): readonly EntryDraft[] {
  return [undoStarted(step), { event: 'completed', step, phase: 'compensate', attempt: 1 }];
}

export function undoFailed(step: string, more: Partial<StepFailed> = {}): readonly EntryDraft[] {
  return [undoStarted(step), failed(step, more, 'compensate')];
}

export function request(type: OperatorRequest['type'], more: Partial<OperatorRequest> = {}): OperatorRequest {
  return { id: `please-${type}`, sagaId: 'saga', type, ...more };
}

/** What a log adds up to whose entries were all written at 0. */
export function after(...entries: readonly (EntryDraft | readonly EntryDraft[])[]): SagaState {
  return later(NEW_SAGA, 0, ...entries);
}

/** The same with more entries, written at `at`. */
export function later(
  state: SagaState,
  at: number,
  ...entries: readonly (EntryDraft | readonly EntryDraft[])[]
): SagaState {
  return entries.flat().reduce<SagaState>((folded, entry) => applyEntry(folded, entry, at), state);
}

/** Nothing special is going on. */
export function around(more: Partial<Surroundings> = {}): Surroundings {
  return {
    now: 0,
    closing: false,
    requests: [],
    eager: false,
    maxAttempts: 3,
    roundDelay: (round) => round * 1_000,
    definition: 'current',
    isMissing: () => false,
    ...more,
  };
}
