import type { HintListener, HintTopic, StopListening } from '../storage/hint-topic.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import { Pause } from './pause.js';

/** Where listening failed, or a storage says that it cannot tell (now), it is tried again after so many ms. */
const RETRY_INTERVAL = 30_000;

/** Listens to one topic of the storage, from `begin()` to `end()`, as well as the storage can. Nothing depends on it but time. */
export class HintSubscription {
  #wanted = false;
  #heard = false;
  #pause: Pause | undefined;
  #keeping: Promise<void> | undefined;

  /** `onHint` hears of "any saga" first: what was written before somebody listened is told by nobody. */
  constructor(
    private readonly storage: SagaStorage,
    private readonly topic: HintTopic,
    private readonly onHint: HintListener,
  ) {}

  /** Whether the storage tells: who does not hear of a saga need hardly look. */
  get isHeard(): boolean {
    return this.#heard;
  }

  /** More than once changes nothing. */
  begin(): void {
    this.#wanted = true;
    this.#keeping ??= this.keep().finally(() => {
      this.#keeping = undefined;
      if (this.#wanted) this.begin();
    });
  }

  /** Never rejects. It may begin again. */
  async end(): Promise<void> {
    this.#wanted = false;
    this.#pause?.wake();
    await this.#keeping;
  }

  private async keep(): Promise<void> {
    while (this.#wanted) {
      const stop = await this.listen();
      this.#heard = stop !== undefined && this.#wanted;
      if (this.#heard) this.onHint([]);
      while (this.#wanted) {
        await this.pause();
        if (stop === undefined) break;
      }
      this.#heard = false;
      await stop?.();
    }
  }

  private async listen(): Promise<StopListening | undefined> {
    try {
      return await this.storage.listen(this.topic, this.onHint);
    } catch {
      // It is tried again; until then logs are read every now and then.
      return undefined;
    }
  }

  private async pause(): Promise<void> {
    this.#pause = new Pause(RETRY_INTERVAL, { keepAlive: false });
    await this.#pause.over;
    this.#pause = undefined;
  }
}
