import { setTimeout } from 'node:timers/promises';

/** Milliseconds between two looks, once it takes long. */
const LONGEST_PAUSE = 20;

/**
 * Waits for something that happens on its own, looking again and again; fails after `timeout` ms with the last error. The longer it takes, the
 * less often it looks: whoever is waited for needs the processor.
 */
export async function eventually<T>(look: () => Promise<T> | T, timeout = 10_000): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await look();
    } catch (error) {
      const elapsed = performance.now() - began;
      if (elapsed > timeout) throw error;
      await setTimeout(Math.min(elapsed / 10, LONGEST_PAUSE));
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
