import type { HintListener, HintTopic } from './hint-topic.js';

/** Those who listen to one storage. */
export class HintListeners {
  private readonly byTopic: Readonly<Record<HintTopic, Set<{ readonly hear: HintListener }>>> = {
    written: new Set(),
    wanted: new Set(),
  };

  /** The topics that somebody listens to. */
  get topics(): readonly HintTopic[] {
    return (['written', 'wanted'] as const).filter((topic) => this.hears(topic));
  }

  hears(topic: HintTopic): boolean {
    return this.byTopic[topic].size > 0;
  }

  /** Returns what ends it. The same listener may be added twice, and hears twice. */
  add(topic: HintTopic, hear: HintListener): () => void {
    const listener = { hear };
    this.byTopic[topic].add(listener);
    return () => this.byTopic[topic].delete(listener);
  }

  /** An empty list stands for any saga. A listener that throws is no concern of the others, nor of who tells. */
  tell(topic: HintTopic, sagaIds: readonly string[]): void {
    for (const { hear } of this.byTopic[topic]) {
      try {
        hear(sagaIds);
      } catch {
        // Listening breaks nothing.
      }
    }
  }
}
