import { StorageRejectedError } from '../../errors/storage-rejected-error.js';
import type { HeadChange } from '../saga-changes.js';
import { jsonText } from '../rows/json-text.js';
import { storable } from '../rows/storable.js';
import type { HeadField } from './saga-head.js';

/** Milliseconds, three thousand years: a time behind that has more digits than the indexes sort by. */
const LATEST_DUE = 1e14;

/** What changes in a head: `null` clears a field. The due time is made by the script, which knows the time. */
export interface HeadUpdate {
  readonly fields: Partial<Record<HeadField, string | null>>;
  readonly dueIn?: number;
}

/**
 * What a change makes of the fields.
 *
 * @throws StorageRejectedError
 */
export function changeHead(sagaId: string, change: HeadChange): HeadUpdate {
  const { status, worker, dueIn, heldReason, error, failedStep } = change;
  if (dueIn != null && !(dueIn <= LATEST_DUE)) {
    throw new StorageRejectedError(`The due time of saga '${sagaId}' is too far away. Nothing was written.`, {
      sagaId,
    });
  }
  return {
    fields: {
      ...(status !== undefined && { status }),
      ...(worker === null && { worker }),
      ...(dueIn === null && { dueAt: null }),
      ...(heldReason !== undefined && {
        heldCode: heldReason && storable('code of a held reason', heldReason.code),
        heldReason: heldReason && jsonText(heldReason, { sagaId, what: 'held reason' }),
      }),
      ...(error !== undefined && { error: error && jsonText(error, { sagaId, what: 'error' }) }),
      ...(failedStep !== undefined && { failedStep: failedStep && storable('failed step', failedStep) }),
    },
    ...(dueIn != null && { dueIn: Math.max(0, Math.ceil(dueIn)) }),
  };
}
