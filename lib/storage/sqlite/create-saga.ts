import { newRow } from '../rows/new-row.js';
import { PlanTexts } from '../rows/plan-texts.js';
import type { Sql } from '../sql/saga-tables.js';
import { storable } from '../rows/storable.js';
import type { CreateResult, NewSaga } from '../saga-changes.js';
import type { SagaWrite } from './saga-write.js';

const SELECT_NAME: Sql = ({ heads }) => `SELECT name FROM ${heads} WHERE id = ?`;

/** Head and first row of a new saga; nothing when the id is taken. */
export function createSaga(saga: NewSaga, plans = new PlanTexts()): SagaWrite<CreateResult> {
  const row = newRow(saga, { version: 1, seq: 1 });
  const name = storable('saga name', saga.name);
  const planHash = storable('plan hash', saga.planHash);
  const plan = plans.of(saga);
  return {
    row,
    head: [name, saga.definitionVersion, saga.status, planHash, plan],
    refused(connection) {
      const existing = connection.first<{ name: string }>(SELECT_NAME, row.sagaId);
      return { outcome: 'exists', name: existing?.name ?? name };
    },
    written: (now) => ({ outcome: 'created', at: new Date(now) }),
  };
}
