import type { NewSaga } from '../saga-changes.js';
import { newRow } from '../rows/new-row.js';
import { PlanTexts } from '../rows/plan-texts.js';
import { storable } from '../rows/storable.js';
import type { SagaCreation } from './saga-write.js';

/** A new head, by the names of its columns. */
export type NewHead = {
  readonly id: string;
  readonly name: string;
  readonly definition_version: number;
  readonly status: string;
  readonly worker: string | null;
  readonly plan_hash: string;
  readonly plan: string;
};

/** The types of {@link NewHead}'s columns. */
export const NEW_HEAD_COLUMNS = {
  id: 'text',
  name: 'text',
  definition_version: 'int',
  status: 'text',
  worker: 'text',
  plan_hash: 'text',
  plan: 'json',
} as const satisfies Record<keyof NewHead, string>;

/** What sagas of one definition share. */
export const STEADY_HEAD_COLUMNS: readonly (keyof NewHead)[] = ['name', 'definition_version', 'plan_hash', 'plan'];

/** Head and first row of a new saga; nothing when the id is taken. */
export function createSaga(saga: NewSaga, plans = new PlanTexts()): SagaCreation {
  const row = newRow(saga, { version: 1, seq: 1 });
  return {
    kind: 'creation',
    row,
    head: {
      id: row.sagaId,
      name: storable('saga name', saga.name),
      definition_version: saga.definitionVersion,
      status: saga.status,
      worker: row.worker,
      plan_hash: storable('plan hash', saga.planHash),
      plan: plans.of(saga),
    },
  };
}
