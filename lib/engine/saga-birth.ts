import type { EntryDraft } from '../storage/log-entry.js';
import type { PlanShape, SagaStatus } from '../storage/saga-record.js';
import type { RunnableSaga } from './runnable-saga.js';

/** What a new saga is made of. */
export interface Birth {
  readonly name: string;
  readonly definitionVersion: number;
  readonly plan: PlanShape;
  readonly planHash: string;
  readonly status: SagaStatus;
}

export function birthOf({ registered }: RunnableSaga, status: SagaStatus): Birth {
  const { name, version, shape, hash } = registered;
  return { name, definitionVersion: version, plan: shape, planHash: hash, status };
}

/** The first entry of its log. */
export function createdEntry({ plan: { deadline } }: RunnableSaga): EntryDraft {
  return { event: 'created', ...(deadline === undefined ? {} : { deadline }) };
}
