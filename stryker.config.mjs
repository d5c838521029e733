/** Mutation testing of the pure core: `npm run mutation`. The report is written to reports/mutation. */
export default {
  mutate: ['lib/engine/next-move.ts', 'lib/engine/saga-state.ts', 'lib/definition/plan.ts'],
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
