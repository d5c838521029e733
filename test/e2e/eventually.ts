import { setImmediate } from 'node:timers/promises';

/** Waits for something that happens on its own, looking again and again; fails after `timeout` ms with the last error. */
export async function eventually<T>(look: () => Promise<T> | T, timeout = 10_000): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await setImmediate();
    }
  }
}

/** A promise to be settled from outside: how a test holds a step where it wants it. */
export class Gate<T = void> {
  readonly passed: Promise<T>;
  open!: (value: T) => void;

  constructor() {
    this.passed = new Promise((resolve) => (this.open = resolve));
  }
}
