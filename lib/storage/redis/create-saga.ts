import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import { isFinal } from '../saga-record.js';
import type { CreateResult, NewSaga } from '../saga-changes.js';
import { newRow } from '../rows/new-row.js';
import { PlanTexts } from '../rows/plan-texts.js';
import { storable } from '../rows/storable.js';
import type { HeadField } from './saga-head.js';
import { rowText } from './saga-row.js';
import type { SagaWrite } from './saga-write.js';

/** Head and first row of a new saga; nothing when the id is taken. */
export function createSaga(saga: NewSaga, plans = new PlanTexts()): SagaWrite {
  const row = newRow(saga, { version: 1, seq: 1 });
  const { sagaId } = row;
  if (!Number.isSafeInteger(saga.definitionVersion)) {
    throw new StorageRejectedError(
      `The definition version of saga '${sagaId}' is no whole number. Nothing was written.`,
      { sagaId },
    );
  }
  const fields: Partial<Record<HeadField, string>> & { readonly name: string } = {
    name: storable('saga name', saga.name),
    definitionVersion: String(saga.definitionVersion),
    plan: plans.of(saga),
    planHash: storable('plan hash', saga.planHash),
    status: saga.status,
    ...(row.worker !== null && { worker: row.worker }),
    ...(row.context !== null && { context: row.context }),
    version: '1',
    seq: String(row.lastSeq),
    writeId: row.writeId,
  };
  const place = `o${fields.worker ?? ''}\0${fields.name}\0`;
  return {
    sagaId,
    kind: 'create',
    args: [
      sagaId,
      rowText(row),
      `s${saga.status}\0`,
      `n${fields.name}\0`,
      // Due at any time.
      isFinal(saga.status) ? '' : `${place}a`,
      ...Object.entries(fields).flat(),
    ],
  };
}

/** What the script answers. */
export function toCreateResult(answer: unknown): CreateResult {
  const [outcome, detail] = answer as readonly [outcome: 'created' | 'exists', detail: string];
  return outcome === 'created' ? { outcome, at: new Date(Number(detail)) } : { outcome, name: detail };
}
