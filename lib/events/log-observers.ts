import type { LogEntry } from '../storage/log-entry.js';

/** Hears each write of one saga. It must not throw; what it throws is dropped, for listening breaks nothing. */
export type LogObserver = (entries: readonly LogEntry[]) => void;

/** Tells those who follow a saga in this process what has just been made durable, so that they need not poll for it. */
export class LogObservers {
  private readonly observers = new Map<string, Set<LogObserver>>();

  /** Whether anybody listens: entries are made for listeners only. */
  hears(sagaId: string): boolean {
    return this.observers.has(sagaId);
  }

  publish(sagaId: string, entries: readonly LogEntry[]): void {
    for (const observer of this.observers.get(sagaId) ?? []) {
      try {
        observer(entries);
      } catch {
        // A listener's failure is not the saga's.
      }
    }
  }

  /** Returns what ends the observation. */
  observe(sagaId: string, observer: LogObserver): () => void {
    const observers = this.observers.get(sagaId) ?? new Set();
    this.observers.set(sagaId, observers.add(observer));
    return () => {
      observers.delete(observer);
      if (observers.size === 0) this.observers.delete(sagaId);
    };
  }
}
