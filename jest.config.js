/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/consumer/', '<rootDir>/.stryker-tmp/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nest-saga$': '<rootDir>/lib/index.ts',
    '^nest-saga/sqlite$': '<rootDir>/lib/storage/sqlite/index.ts',
    '^nest-saga/postgres$': '<rootDir>/lib/storage/postgres/index.ts',
    '^nest-saga/mysql$': '<rootDir>/lib/storage/mysql/index.ts',
    '^nest-saga/redis$': '<rootDir>/lib/storage/redis/index.ts',
    '^nest-saga/contract$': '<rootDir>/test/contract/describe-saga-storage.ts',
  },
  transform: { '^.+\\.ts$': '@swc/jest' },
  reporters: ['default', '<rootDir>/scripts/closing-line-reporter.mjs'],
  testSequencer: '<rootDir>/scripts/longest-first-sequencer.mjs',
  // One more than the cores of a small machine: the long files wait for processes and servers half of their time.
  maxWorkers: 3,
  testTimeout: 15_000,
  // ESM modules are never unloaded: the heap grows by about 10 MB with each test file, and a new worker takes a second to begin.
  workerIdleMemoryLimit: '1GB',
};
