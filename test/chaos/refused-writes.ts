import type { SagaStorage } from 'nest-saga';

/** Lets a storage tell of every write that was refused because its place was taken. */
export function countConflicts(storage: SagaStorage, onRefused: (adopted: boolean) => void): SagaStorage {
  const transition = storage.transition.bind(storage);
  storage.transition = async (write) => {
    const result = await transition(write);
    if (result.outcome === 'conflict') {
      const [loaded] = await Promise.allSettled([storage.load(write.id)]);
      if (loaded?.status === 'fulfilled') onRefused(loaded.value?.writeId === write.writeId);
    }
    return result;
  };
  return storage;
}
