import jestConfig from './jest.config.js';
import { pureFiles } from './scripts/lint/lib-rules.js';

/**
 * Mutation testing of the pure core: `npm run mutation`. The report is written to reports/mutation. It runs the tests of the
 * rules, one by one, and the model in small.
 */
export default {
  mutate: [...pureFiles, 'lib/definition/plan-builder.ts', 'lib/definition/plan-shape.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules'],
  coverageAnalysis: 'perTest',
  jest: {
    projectType: 'custom',
    config: {
      ...jestConfig,
      reporters: [],
      testSequencer: '<rootDir>/scripts/model-last-sequencer.mjs',
      testMatch: [
        '<rootDir>/test/definition/plan*.test.ts',
        '<rootDir>/test/engine/rules/*.test.ts',
        '<rootDir>/test/model/{small-sagas,writes}.test.ts',
      ],
    },
    enableFindRelatedTests: false,
  },
  timeoutMS: 20_000,
  concurrency: 2,
  reporters: ['clear-text', 'progress', 'html', 'json'],
  clearTextReporter: { logTests: false, reportTests: false },
  htmlReporter: { fileName: 'reports/mutation/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  ignorePatterns: ['dist', 'docs', 'reports', 'sample', 'bench', 'test/consumer'],
  thresholds: { high: 95, low: 90, break: 90 },
};
