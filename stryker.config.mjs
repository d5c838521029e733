import { pureFiles } from './scripts/lint/lib-rules.js';

/** Mutation testing of the pure core: `npm run mutation`. The report is written to reports/mutation. */
export default {
  mutate: pureFiles,
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules'],
  coverageAnalysis: 'perTest',
  jest: { configFile: 'jest.config.js' },
  concurrency: 2,
  reporters: ['clear-text', 'progress', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  ignorePatterns: ['dist', 'docs', 'reports', 'sample', 'bench', 'test/consumer'],
  thresholds: { high: 95, low: 90, break: 90 },
};
