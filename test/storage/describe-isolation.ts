import { expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';

/** Opens a storage on connections whose transactions are isolated like this unless they say otherwise. */
export type OpenIsolated = (level: string) => Promise<StorageUnderTest>;

/** The application's default is not the storage's: what they promise holds under each. */
export function itKeepsPromisesAt(levels: readonly string[], open: OpenIsolated): void {
  it.each(levels)('keeps its promises where transactions are %s by default', async (level) => {
    const one = await open(level);
    const two = await open(level);
    const results = await Promise.all(
      times(10, (index) => (index % 2 === 0 ? one : two).create({ worker: `w${index}` })),
    );
    expect(results.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    const read = await one.load();
    const writes = await Promise.all(
      times(10, (index) =>
        (index % 2 === 0 ? one : two).storage.transition(one.next(read, { head: { failedStep: `step-${index}` } })),
      ),
    );
    expect(writes.filter(({ outcome }) => outcome === 'written')).toHaveLength(1);
    const claims = await Promise.all(
      times(6, (index) => (index % 2 === 0 ? one : two).claimedIds({ ids: ['saga-1'], worker: 'w' })),
    );
    expect(claims.flat().length).toBeGreaterThanOrEqual(1);
  });
}
