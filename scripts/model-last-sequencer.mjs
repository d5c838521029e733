/**
 * The order of tests in mutation testing: the model comes last. Most mutants die by a test of one rule, in milliseconds, and
 * the rest of the tests is then left out.
 */
export default class ModelLastSequencer {
  sort(tests) {
    return [...tests].sort((a, b) => cost(a) - cost(b) || a.path.localeCompare(b.path));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    // The order depends on nothing that was measured.
  }
}

/** The tests of the rules load next to nothing; those of definitions load Nest, and the model goes through thousands of states. */
function cost({ path }) {
  if (path.includes('/model/')) return 2;
  return path.includes('/engine/') || path.endsWith('/plan.test.ts') ? 0 : 1;
}
