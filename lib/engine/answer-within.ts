import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';
import { Pause } from './pause.js';

/**
 * What the storage answers. A driver may wait for as long as the network takes to notice that a connection is gone, which can be a quarter of
 * an hour; what the lease depends on cannot.
 *
 * @throws {StorageUnavailableError} when there is no answer within `ms`: whether the call has an effect is not known then.
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  const limit = new Pause(ms, { keepAlive: false });
  const late = limit.over.then(() => {
    throw new StorageUnavailableError('failed', `The storage has not answered within ${ms.toFixed(0)} ms.`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    // The race has heard of it, or does not care any more.
    limit.wake();
  }
}
