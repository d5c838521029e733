import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WorkerLease } from '../../lib/engine/worker-lease.js';
import { InMemorySagaStorage, StorageUnavailableError } from '../../lib/index.js';
import type { HeartbeatResult, WorkerBeat } from '../../lib/index.js';
import { Gate } from '../e2e/eventually.js';

const DURATION = 1_000;

/** Takes heartbeats at once, as over a slow line: an answer that is held comes when its gate is opened. */
class SlowlyAnsweringStorage extends InMemorySagaStorage {
  beats = 0;
  #held?: Gate | undefined;

  /** Holds the answer to the next heartbeat. */
  holdAnswer(): Gate {
    return (this.#held = new Gate());
  }

  override async heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    this.beats++;
    const held = this.#held;
    this.#held = undefined;
    const result = await super.heartbeat(beat);
    await held?.passed;
    return result;
  }
}

describe('a lease', () => {
  let storage: SlowlyAnsweringStorage;
  let lease: WorkerLease;

  beforeEach(() => {
    // The monotonic clock and the storage's, and the timers with them, go on only as far as a test says.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] });
    storage = new SlowlyAnsweringStorage();
    lease = new WorkerLease(storage, DURATION);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  /** To be called at a time at which it is trusted. */
  async function expectTrustFor(ms: number): Promise<void> {
    await pass(ms - 1);
    expect(lease.isTrusted()).toBe(true);
    await pass(1);
    expect(lease.isTrusted()).toBe(false);
  }

  it('is trusted for 90 % of its duration: it is over here before the storage lets others take its sagas', async () => {
    await lease.beat();
    await expectTrustFor(900);
    expect(await storage.workers()).toMatchObject([{ id: lease.id }]);
    await pass(100);
    expect(await storage.workers()).toEqual([]);
  });

  it('counts from before its registration was sent, however late the answer comes', async () => {
    const answer = storage.holdAnswer();
    const beat = lease.beat();
    await pass(400);
    answer.open();
    expect(await beat).toEqual([]);
    await expectTrustFor(500);
  });

  it('counts from before its renewal was sent, however late the answer comes', async () => {
    await lease.beat();
    await pass(400);
    const answer = storage.holdAnswer();
    const beat = lease.beat();
    await pass(200);
    answer.open();
    expect(await beat).toEqual([]);
    await expectTrustFor(700);
  });

  it('waits for an answer half of the time that is left, and counts it when it comes later', async () => {
    await lease.beat();
    await pass(300);
    const answer = storage.holdAnswer();
    const beat = lease.beat().catch((error: unknown) => error);
    await pass(300);
    expect(await beat).toBeInstanceOf(StorageUnavailableError);
    await pass(200);
    answer.open();
    await expectTrustFor(400);
  });

  it('is not cut short by the answer to an earlier renewal', async () => {
    await lease.beat();
    await pass(300);
    const answer = storage.holdAnswer();
    const earlier = lease.beat().catch((error: unknown) => error);
    await pass(300);
    expect(await earlier).toBeInstanceOf(StorageUnavailableError);
    await lease.beat();
    answer.open();
    await expectTrustFor(900);
  });

  it('is lost for good when its time is over: no answer brings it back, and no renewal is sent', async () => {
    await lease.beat();
    await pass(400);
    const answer = storage.holdAnswer();
    const beat = lease.beat().catch((error: unknown) => error);
    await pass(500);
    expect(lease.isTrusted()).toBe(false);
    expect(await beat).toBeInstanceOf(StorageUnavailableError);
    answer.open();
    await pass(0);
    expect(lease.isTrusted()).toBe(false);
    expect(await lease.beat()).toBeUndefined();
    expect(storage.beats).toBe(2);
    expect(lease.lostBy).toBe('lease-lost');
  });

  it('is not trusted by an answer that comes when its time is over', async () => {
    const answer = storage.holdAnswer();
    const beat = lease.beat().catch((error: unknown) => error);
    await pass(900);
    expect(await beat).toBeInstanceOf(StorageUnavailableError);
    answer.open();
    await pass(0);
    expect(lease.isTrusted()).toBe(false);
  });

  it('is lost as soon as the storage says so, whatever is left of it', async () => {
    await lease.beat();
    await storage.release(lease.id);
    expect(lease.isTrusted()).toBe(true);
    expect(await lease.beat()).toBeUndefined();
    expect(lease.isTrusted()).toBe(false);
    expect(lease.lostBy).toBe('lease-lost');
  });

  it('is not trusted once it is given up, and keeps the reason', async () => {
    await lease.beat();
    lease.lose('closing');
    expect(lease.isTrusted()).toBe(false);
    await pass(DURATION);
    expect(lease.isTrusted()).toBe(false);
    expect(lease.lostBy).toBe('closing');
  });
});
