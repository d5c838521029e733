import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';

interface Lease {
  readonly process: string | undefined;
  expiresAt: number;
}

/** The leases of workers. A lease that has expired or was released is gone for good: nothing renews it. */
export class WorkerLeases {
  private readonly leases = new Map<string, Lease>();

  /** Registers a worker, or renews a lease that is still valid. `now` is ms, as all times here. */
  beat({ worker, beat, duration, process }: WorkerBeat, now: number): HeartbeatResult['outcome'] {
    if (beat === 0) {
      this.forgetExpired(now);
      this.leases.set(worker, { process, expiresAt: now + duration });
      return 'alive';
    }
    const lease = this.leases.get(worker);
    if (lease === undefined || lease.expiresAt <= now) return 'expired';
    lease.expiresAt = now + duration;
    return 'alive';
  }

  release(worker: string): void {
    this.leases.delete(worker);
  }

  isAlive(worker: string, now: number): boolean {
    const lease = this.leases.get(worker);
    return lease !== undefined && lease.expiresAt > now;
  }

  list(now: number): WorkerInfo[] {
    this.forgetExpired(now);
    return Array.from(this.leases, ([id, { process, expiresAt }]) => ({
      id,
      ...(process !== undefined && { process }),
      expiresAt: new Date(expiresAt),
    }));
  }

  private forgetExpired(now: number): void {
    for (const [worker, lease] of this.leases) if (lease.expiresAt <= now) this.leases.delete(worker);
  }
}
