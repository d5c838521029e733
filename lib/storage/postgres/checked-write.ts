import { storable } from '../rows/storable.js';
import { isCreation, type SagaWrite } from './saga-write.js';

/**
 * Looks at the texts of a write before it is queued, so that one that cannot be stored fails alone. Its JSON is made, and looked at, with that
 * of its batch.
 *
 * @throws StorageRejectedError
 */
export function checkedWrite<Write extends SagaWrite>(write: Write): Write {
  storable('id', write.id);
  storable('write id', write.writeId);
  if (write.worker !== undefined) storable('worker', write.worker);
  if (isCreation(write)) {
    storable('saga name', write.name);
    storable('plan hash', write.planHash);
  } else if (write.head?.failedStep) {
    storable('failed step', write.head.failedStep);
  }
  return write;
}
