/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/sample/dist/', '<rootDir>/test/consumer/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nest-saga$': '<rootDir>/lib/index.ts',
    '^nest-saga/sqlite$': '<rootDir>/lib/storage/sqlite/index.ts',
    '^nest-saga/contract$': '<rootDir>/test/contract/describe-saga-storage.ts',
  },
  transform: { '^.+\\.ts$': '@swc/jest' },
  maxWorkers: 2,
  testTimeout: 15_000,
  // ESM modules are never unloaded: the heap grows by about 10 MB with each test file.
  workerIdleMemoryLimit: '512MB',
};
