import TestSequencer from '@jest/test-sequencer';

/**
 * The order of all tests: the long ones come first, so that none is left for the end, when the other workers have nothing to
 * do any more. Those that start many processes, a server or a browser also wait, and what waits goes well with what computes.
 */
const LONG = [
  /\/crash\/(postgres|mysql)-crashes\./,
  /\/sample\/order-page\./,
  /\/model\/every-(order|saga)\./,
  /\/crash\/\w+-crashes\./,
  /\/chaos\//,
  /\/storage\/\w+-clients\./,
  /\/e2e\/(interleavings|faults|recovery|idle-worker)\./,
  /\/(crash|sample|docs|faults)\//,
];

export default class LongestFirstSequencer extends TestSequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  }
}

function rank({ path }) {
  const place = LONG.findIndex((pattern) => pattern.test(path));
  return place < 0 ? LONG.length : place;
}
