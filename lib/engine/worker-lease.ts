import { randomUUID } from 'node:crypto';
import type { InterruptionReason } from '../errors/saga-interrupted-error.js';
import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';
import { answerWithin } from '../storage/answer-within.js';
import type { SagaStorage } from '../storage/saga-storage.js';
import type { HeartbeatResult } from '../storage/worker-beat.js';
import { processIdentity } from './process-identity.js';

/** A worker stops trusting itself this share of the lease before the others stop trusting it. */
const TRUST = 0.9;

/** What the storage calls this worker, and for how long it may act. A lost lease is never found again. */
export class WorkerLease {
  readonly id = randomUUID();
  #beats = 0;
  #trustedUntil = 0;
  #writes = 0;
  #lostBy?: InterruptionReason;

  constructor(
    private readonly storage: SagaStorage,
    private readonly duration: number,
  ) {}

  /**
   * Registers, or renews. Returns the sagas for which an operator asks; `undefined` when the lease is lost. Trust counts from
   * before the request, by the monotonic clock: it ends before the storage's own count does.
   *
   * @throws {StorageUnavailableError} when no answer has come in half of the time that is left: soon enough for another try, which may
   * find a connection that the network has not forgotten.
   */
  async beat(): Promise<readonly string[] | undefined> {
    if (this.#beats > 0 && !this.isTrusted()) return undefined;
    const sentAt = performance.now();
    const beat = this.#beats++;
    const process = beat === 0 ? processIdentity() : undefined;
    const answered = this.storage
      .heartbeat({ worker: this.id, beat, duration: this.duration, ...(process === undefined ? {} : { process }) })
      .then((result) => this.adopt(result, sentAt));
    const left = beat === 0 ? this.duration : this.#trustedUntil - sentAt;
    return answerWithin(left / 2, answered, () => {
      throw new StorageUnavailableError('failed', `The storage has not answered within ${(left / 2).toFixed(0)} ms.`);
    });
  }

  /** An answer counts when nobody waits for it any more, too. */
  private adopt(result: HeartbeatResult, sentAt: number): readonly string[] | undefined {
    if (result.outcome === 'expired' || this.#lostBy !== undefined) {
      this.lose('lease-lost');
      return undefined;
    }
    this.#trustedUntil = Math.max(this.#trustedUntil, sentAt + this.duration * TRUST);
    return result.requested;
  }

  /** Asked before each act and compensate, and while a write is tried again. */
  isTrusted(): boolean {
    if (this.#lostBy !== undefined) return false;
    if (performance.now() < this.#trustedUntil) return true;
    this.lose('lease-lost');
    return false;
  }

  lose(reason: InterruptionReason): void {
    this.#lostBy ??= reason;
  }

  /** Why it is no longer trusted. */
  get lostBy(): InterruptionReason {
    return this.#lostBy ?? 'lease-lost';
  }

  /** Each write has an id of its own, by which its writer knows its own row again. */
  nextWriteId(): string {
    return `${this.id}/${(++this.#writes).toString(36)}`;
  }
}
