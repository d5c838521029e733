import { jest } from '@jest/globals';

/** Moves this host's wall clock by so many ms, and nothing else: timers go on, and so does the database's own clock. */
export function moveHostClock(ms: number): void {
  jest.useFakeTimers({
    now: Date.now() + ms,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

export function setHostClockRight(): void {
  jest.useRealTimers();
}
