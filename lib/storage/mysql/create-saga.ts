import type { NewSaga } from '../saga-changes.js';
import { PlanTexts } from '../rows/plan-texts.js';
import type { SagaCreation } from './saga-write.js';
import { storableInteger, storableName } from './storable-value.js';
import { storableRow } from './storable-row.js';

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

/** Head and first row of a new saga; nothing when the id is taken. */
export function createSaga(saga: NewSaga, plans = new PlanTexts()): SagaCreation {
  const row = storableRow(saga, { version: 1, seq: 1 });
  return {
    kind: 'creation',
    row,
    head: {
      id: row.sagaId,
      name: storableName('saga name', saga.name),
      definition_version: storableInteger('version of the definition', saga.definitionVersion),
      status: saga.status,
      worker: row.worker,
      plan_hash: storableName('plan hash', saga.planHash),
      plan: plans.of(saga),
    },
  };
}
