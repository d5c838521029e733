import { StorageVersionError } from '../../errors/storage-version-error.js';
import { resultOf, type RedisConnection } from './redis-connection.js';
import { NOTE_MIGRATION } from './scripts/note-migration.js';

/**
 * The layouts of keys, in their order: once released, a layout is never edited, and a later one is added behind it together with what makes
 * the one of the other. The first one is made by the first saga.
 */
export const LAYOUTS: readonly string[] = ['sagas'];

/**
 * Brings the keys to the newest layout. Of several replicas that start at once, each step is noted by one.
 *
 * @throws StorageVersionError when a newer release made the keys.
 */
export async function migrate(connection: RedisConnection): Promise<void> {
  const { schema } = connection.keys;
  const [answer] = await connection.sendAll([['get', schema]]);
  let newest = Number(resultOf(answer) ?? 0);
  while (newest < LAYOUTS.length) {
    newest = Number(await connection.run({ script: NOTE_MIGRATION, keys: [schema], args: [newest + 1] }));
  }
  if (newest > LAYOUTS.length) throw new StorageVersionError({ found: newest, supported: LAYOUTS.length });
}
