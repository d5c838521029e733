import { writeSync } from 'node:fs';

/** Ends Jest's output with a line that programs can read: `123 passed, 0 failed`. A file that does not load has failed. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const line = `\n${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed\n`;
    // Jest's own summary comes after all reporters.
    process.once('exit', () => writeSync(process.stdout.fd, line));
  }
}
