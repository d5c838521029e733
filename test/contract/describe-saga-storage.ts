/**
 * The contract of storages, as tests for Jest.
 *
 * @module nest-saga/contract
 */
import { describe } from '@jest/globals';
import { describeClaimRules } from './claim-rules.js';
import { describeClaims } from './claims.js';
import { describeCopies } from './copies.js';
import { describeCreation } from './creation.js';
import { describeFencing } from './fencing.js';
import { describeFinding } from './finding.js';
import { describeHistory } from './history.js';
import { describeLeases } from './leases.js';
import { describeListening, describeNoListening } from './listening.js';
import { describeMigrations, describeOpening } from './migrations.js';
import { describeNames } from './names.js';
import { describePaging } from './paging.js';
import { describePruning } from './pruning.js';
import { describeRequests } from './requests.js';
import type { StorageHarness } from './storage-harness.js';
import { useStorage, type StorageUnderTest } from './storage-under-test.js';
import { describeTransactions } from './transactions.js';
import { describeTransitions } from './transitions.js';
import { describeUnreadable } from './unreadable.js';
import { describeValues } from './values.js';

export type {
  EarlierVersion,
  HarnessedStorage,
  OpenTransaction,
  StorageHarness,
  TransactionHarness,
} from './storage-harness.js';

const TOPICS: Readonly<Record<string, (subject: StorageUnderTest) => void>> = {
  creation: describeCreation,
  transitions: describeTransitions,
  fencing: describeFencing,
  claims: describeClaims,
  'which sagas a claim takes': describeClaimRules,
  leases: describeLeases,
  "operators' requests": describeRequests,
  history: describeHistory,
  finding: describeFinding,
  paging: describePaging,
  pruning: describePruning,
  values: describeValues,
  names: describeNames,
  'unreadable sagas': describeUnreadable,
  copies: describeCopies,
  opening: describeOpening,
  transactions: describeTransactions,
};

/**
 * The promise of `SagaStorage`, as tests: a storage that passes can carry sagas. Each test gets a new storage from the
 * harness and forces what happens rarely: fifty claims at once, late writers, lost leases, hostile names, damaged rows.
 * It needs Jest (`describe`, `it` and hooks from `@jest/globals`), waits for no clock, and takes a second or two in memory.
 *
 * ```ts
 * import { describeSagaStorage } from 'nest-saga/contract';
 *
 * describeSagaStorage('MySagaStorage', {
 *   async create() {
 *     const database = await emptyDatabase();
 *     const storage = await openStorage(database);
 *     return {
 *       storage,
 *       peer: () => openStorage(database),
 *       advance: (ms) => database.moveTimesBack(ms),
 *       corrupt: (id, how) => database.overwriteLastRow(id, how === 'newer' ? '{"format":99}' : '{'),
 *       dispose: () => database.drop(),
 *     };
 *   },
 * });
 * ```
 *
 * @param name Stands in front of each test's name.
 * @param harness Makes storages, and does to them what time and accidents do.
 */
export function describeSagaStorage(name: string, harness: StorageHarness): void {
  describe(name, () => {
    for (const [topic, describeTopic] of Object.entries(TOPICS)) {
      describe(topic, () => describeTopic(useStorage(harness)));
    }
    const { earlierVersions = [], listens = false } = harness;
    const listening = listens ? describeListening : describeNoListening;
    describe('listening', () => listening(useStorage(harness)));
    if (earlierVersions.length > 0) describe('migrations', () => describeMigrations(earlierVersions));
  });
}
