import { InMemorySagaStorage } from '../../lib/storage/memory/in-memory-saga-storage.js';
import type { LoadedSaga } from '../../lib/storage/saga-record.js';
import type { ClaimQuery } from '../../lib/storage/saga-queries.js';
import type { HarnessedStorage, StorageHarness } from '../contract/storage-harness.js';

/** Memory rots less than disks do, so damage is played: the storage keeps the saga and says that it cannot read it. */
export class DamageableMemoryStorage extends InMemorySagaStorage {
  private readonly damaged = new Map<string, string>();

  damage(id: string, how: 'damaged' | 'newer'): void {
    this.damaged.set(
      id,
      how === 'damaged' ? 'the last row is damaged' : 'the last row has format 99, this release knows 1',
    );
  }

  override async load(id: string): Promise<LoadedSaga | undefined> {
    const loaded = await super.load(id);
    return loaded && this.asRead(loaded);
  }

  override async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    return (await super.claim(query)).map((loaded) => this.asRead(loaded));
  }

  private asRead({ snapshot, ...loaded }: LoadedSaga): LoadedSaga {
    const unreadable = this.damaged.get(loaded.record.id);
    if (unreadable === undefined) return { ...loaded, ...(snapshot !== undefined && { snapshot }) };
    return { ...loaded, record: { ...loaded.record, plan: [], context: null }, entries: [], unreadable };
  }
}

/** The storage in memory, on a clock that runs with the real one and can be moved ahead. */
export const memoryHarness: StorageHarness = {
  listens: true,
  async create(): Promise<HarnessedStorage> {
    let ahead = 0;
    const storage = new DamageableMemoryStorage({ now: () => Date.now() + ahead });
    await storage.open();
    return {
      storage,
      peer: async () => storage,
      advance: async (ms) => {
        ahead += ms;
      },
      corrupt: async (id, how) => storage.damage(id, how),
      dispose: () => storage.close(),
    };
  },
};
