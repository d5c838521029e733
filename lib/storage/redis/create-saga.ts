import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import type { CreateResult, NewSaga } from '../saga-storage.js';
import { jsonText } from '../sql/json-text.js';
import { newRow } from '../sql/log-row.js';
import { storable } from '../sql/storable.js';
import type { RedisKeys } from './redis-keys.js';
import type { HeadField } from './saga-head.js';
import { rowText } from './saga-row.js';
import type { SagaWrite } from './saga-write.js';
import { CREATE_SAGA } from './scripts/create-saga.js';

/** Head and first row of a new saga; nothing when the id is taken. */
export function createSaga(keys: RedisKeys, saga: NewSaga): SagaWrite {
  const row = newRow(saga, { version: 1, seq: 1 });
  const { sagaId } = row;
  if (!Number.isSafeInteger(saga.definitionVersion)) {
    throw new StorageRejectedError(
      `The definition version of saga '${sagaId}' is no whole number. Nothing was written.`,
      { sagaId },
    );
  }
  const fields = {
    name: storable('saga name', saga.name),
    definitionVersion: String(saga.definitionVersion),
    plan: jsonText(saga.plan, { sagaId, what: 'plan' }),
    planHash: storable('plan hash', saga.planHash),
    status: saga.status,
    ...(row.worker !== null && { worker: row.worker }),
    ...(row.context !== null && { context: row.context }),
    version: '1',
    seq: String(row.lastSeq),
    writeId: row.writeId,
  } satisfies Partial<Record<HeadField, string>>;
  const { head, log } = keys.saga(sagaId);
  return {
    sagaId,
    call: {
      script: CREATE_SAGA,
      keys: [head, log, keys.find, keys.recover],
      args: [sagaId, rowText(row), ...Object.entries(fields).flat()],
    },
  };
}

/** What the script answers. */
export function toCreateResult(answer: unknown): CreateResult {
  const [outcome, detail] = answer as readonly [outcome: 'created' | 'exists', detail: string];
  return outcome === 'created' ? { outcome, at: new Date(Number(detail)) } : { outcome, name: detail };
}
