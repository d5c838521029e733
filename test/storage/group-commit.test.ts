import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupCommit, type GroupCommitOptions } from '../../lib/storage/group-commit.js';

class Refused extends Error {}

interface Write {
  readonly saga: string;
  readonly value: number;
}

/** A log that takes batches, and can be told to refuse a value, to fail, or to answer only when it is let. */
class BatchLog {
  readonly batches: (readonly Write[])[] = [];
  readonly refused = new Set<number>();
  failure: Error | undefined;
  slow = false;
  private readonly unanswered: (() => void)[] = [];

  commit = async (batch: readonly Write[]): Promise<readonly string[]> => {
    this.batches.push(batch);
    if (this.slow) await new Promise<void>((resolve) => this.unanswered.push(resolve));
    if (this.failure) throw this.failure;
    if (batch.some(({ value }) => this.refused.has(value))) throw new Refused();
    return batch.map(({ saga, value }) => `${saga}:${value}`);
  };

  answer(): void {
    this.unanswered.shift()?.();
  }

  get values(): number[][] {
    return this.batches.map((batch) => batch.map(({ value }) => value));
  }
}

describe('group commit', () => {
  let log: BatchLog;
  beforeEach(() => {
    log = new BatchLog();
  });

  function groupCommit(options: Partial<GroupCommitOptions<Write, string>> = {}): GroupCommit<Write, string> {
    return new GroupCommit({
      key: ({ saga }) => saga,
      commit: log.commit,
      isRefusal: (error) => error instanceof Refused,
      ...options,
    });
  }

  /** One write each of different sagas: `s1`, `s2` … */
  function submitAll(commits: GroupCommit<Write, string>, values: readonly number[]): Promise<string>[] {
    return values.map((value) => commits.submit(() => ({ saga: `s${value}`, value })));
  }

  it('writes what meets in one batch, and gives each writer its own result', async () => {
    const results = await Promise.all(submitAll(groupCommit(), [1, 2, 3]));
    expect(log.values).toEqual([[1, 2, 3]]);
    expect(results).toEqual(['s1:1', 's2:2', 's3:3']);
  });

  it('lets a lone write wait for nobody', async () => {
    const written = groupCommit().submit(() => ({ saga: 's1', value: 1 }));
    await nextTurn();
    expect(log.values).toEqual([[1]]);
    expect(await written).toBe('s1:1');
  });

  it('does not even wait for the event loop when the same saga goes on alone, but lets others have a turn now and then', async () => {
    const commits = groupCommit();
    await commits.submit(() => ({ saga: 'alone', value: 0 }));
    let turned = false;
    let value = 1;
    setImmediate(() => (turned = true));
    while (!turned) await commits.submit(() => ({ saga: 'alone', value: value++ }));
    expect(value).toBeGreaterThan(5);
    expect(value).toBeLessThan(15);
  });

  describe('with a shortcut for a write that is alone', () => {
    const alone: number[] = [];
    let taken: (value: number) => boolean;
    beforeEach(() => {
      alone.length = 0;
      taken = () => true;
    });

    function withShortcut(): GroupCommit<Write, string> {
      const commitAlone = ({ saga, value }: Write): string | undefined => {
        if (!taken(value)) return undefined;
        alone.push(value);
        return `${saga}:${value} alone`;
      };
      return groupCommit({ commitAlone });
    }

    it('takes it for each that meets no other', async () => {
      const commits = withShortcut();
      for (const value of [1, 2, 3]) {
        expect(await commits.submit(() => ({ saga: 's1', value }))).toBe(`s1:${value} alone`);
      }
      expect(alone).toEqual([1, 2, 3]);
      expect(log.values).toEqual([]);
    });

    it('writes what meets in one batch', async () => {
      const commits = withShortcut();
      await Promise.all(submitAll(commits, [1]));
      await Promise.all(submitAll(commits, [2, 3]));
      expect(alone).toEqual([1]);
      expect(log.values).toEqual([[2, 3]]);
    });

    it('makes a batch of one that cannot take it', async () => {
      taken = (value) => value !== 2;
      const commits = withShortcut();
      for (const value of [1, 2, 3]) await commits.submit(() => ({ saga: 's1', value }));
      expect(alone).toEqual([1, 3]);
      expect(log.values).toEqual([[2]]);
    });

    it('does not take it while a batch is under way', async () => {
      const commits = withShortcut();
      log.slow = true;
      const batch = Promise.all(submitAll(commits, [1, 2]));
      await nextTurn();
      const later = commits.submit(() => ({ saga: 's3', value: 3 }));
      await nextTurn();
      expect(alone).toEqual([]);
      log.answer();
      await batch;
      expect(await later).toBe('s3:3 alone');
    });

    it('fails the write with what it throws, and goes on', async () => {
      taken = (value) => {
        if (value === 1) throw new Error('the disk is gone');
        return true;
      };
      const commits = withShortcut();
      await expect(commits.submit(() => ({ saga: 's1', value: 1 }))).rejects.toThrow('the disk is gone');
      expect(await commits.submit(() => ({ saga: 's1', value: 2 }))).toBe('s1:2 alone');
      await commits.drain();
      expect(log.values).toEqual([]);
    });

    it('has drained when it is taken', async () => {
      const commits = withShortcut();
      let written = false;
      void commits.submit(() => ({ saga: 's1', value: 1 })).then(() => (written = true));
      await commits.drain();
      expect(written).toBe(true);
    });
  });

  it('brings sagas that were let go together together again, however long their way to the next write', async () => {
    const commits = groupCommit();
    const run = async (saga: string, detour: number) => {
      for (let value = 1; value <= 10; value++) {
        await commits.submit(() => ({ saga, value }));
        for (let i = 0; i < detour; i++) await Promise.resolve();
      }
    };
    await Promise.all(Array.from({ length: 64 }, (_, i) => run(`s${i}`, i)));
    expect(log.batches.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 64));
  });

  it('collects what comes while a batch is under way', async () => {
    const commits = groupCommit();
    log.slow = true;
    const first = submitAll(commits, [1]);
    await nextTurn();
    const others = submitAll(commits, [2, 3]);
    await nextTurn();
    expect(log.values).toEqual([[1]]);
    log.slow = false;
    log.answer();
    await Promise.all([...first, ...others]);
    expect(log.values).toEqual([[1], [2, 3]]);
  });

  it('keeps the order of writes of one saga, and never puts two of them in one batch', async () => {
    const commits = groupCommit();
    const writes = [1, 2, 3].map((value) => commits.submit(() => ({ saga: 'same', value })));
    await Promise.all([...writes, commits.submit(() => ({ saga: 'other', value: 9 }))]);
    expect(log.values).toEqual([[1, 9], [2], [3]]);
  });

  describe('of batches that may be too large', () => {
    class TooLarge extends Refused {
      constructor(readonly fitting: number) {
        super();
      }
    }
    const withLimit = (most: number): GroupCommit<Write, string> =>
      groupCommit({
        commit: async (batch) => {
          const sums = batch.map((_, i) => batch.slice(0, i + 1).reduce((sum, { value }) => sum + value, 0));
          const fitting = sums.filter((sum) => sum <= most).length;
          if (fitting < batch.length && batch.length > 1) throw new TooLarge(fitting);
          return log.commit(batch);
        },
        fitting: (error) => (error instanceof TooLarge ? error.fitting : undefined),
      });

    it('keeps batches to a size, and one write that is larger to itself', async () => {
      const results = await Promise.all(submitAll(withLimit(10), [4, 5, 2, 8, 30, 1, 9]));
      expect(log.values).toEqual([[4, 5], [2, 8], [30], [1, 9]]);
      expect(results).toEqual(['s4:4', 's5:5', 's2:2', 's8:8', 's30:30', 's1:1', 's9:9']);
    });

    it('keeps the order of writes of one saga where a later one would fit', async () => {
      const commits = withLimit(10);
      const writes = [
        { saga: 'other', value: 4 },
        { saga: 'same', value: 9 },
        { saga: 'same', value: 1 },
      ];
      await Promise.all(writes.map((write) => commits.submit(() => write)));
      expect(log.values).toEqual([[4], [9], [1]]);
    });
  });

  it('keeps that order when batches overlap', async () => {
    const commits = groupCommit({ concurrency: 2 });
    log.slow = true;
    const writes = [1, 2].map((value) => commits.submit(() => ({ saga: 'same', value })));
    await nextTurn();
    writes.push(commits.submit(() => ({ saga: 'other', value: 9 })));
    await nextTurn();
    expect(log.values).toEqual([[1], [9]]);
    log.slow = false;
    log.answer();
    log.answer();
    await Promise.all(writes);
    expect(log.values).toEqual([[1], [9], [2]]);
  });

  it('has no more batches under way than it may', async () => {
    const commits = groupCommit({ concurrency: 2, maxBatch: 1 });
    log.slow = true;
    const writes = submitAll(commits, [1, 2, 3]);
    await nextTurn();
    await nextTurn();
    await nextTurn();
    expect(log.values).toEqual([[1], [2]]);
    log.slow = false;
    log.answer();
    log.answer();
    await Promise.all(writes);
    expect(log.values).toEqual([[1], [2], [3]]);
  });

  it('shares what there is among the batches that may be under way', async () => {
    log.slow = true;
    const writes = submitAll(groupCommit({ concurrency: 2 }), [...Array(40).keys()]);
    await nextTurn();
    await nextTurn();
    expect(log.batches.map((batch) => batch.length)).toEqual([20, 20]);
    log.answer();
    log.answer();
    await Promise.all(writes);
  });

  it('makes no small batches of it', async () => {
    const commits = groupCommit({ concurrency: 2 });
    await Promise.all(submitAll(commits, [...Array(16).keys()]));
    expect(log.batches.map((batch) => batch.length)).toEqual([16]);
  });

  it('rejects with what preparing a write throws, and writes the others', async () => {
    const commits = groupCommit();
    const refused = commits.submit(() => {
      throw new Error('it has no key');
    });
    const written = commits.submit(() => ({ saga: 's1', value: 1 }));
    await expect(refused).rejects.toThrow('it has no key');
    expect(await written).toBe('s1:1');
  });

  it('lets a write wait for its own promise, and nobody with it', async () => {
    let done = (_: string): void => undefined;
    const later = new Promise<string>((resolve) => (done = resolve));
    const commits = groupCommit({
      commit: async (batch) => batch.map(({ value }) => (value === 1 ? later : 'at once')),
    });
    const again = commits.submit(() => ({ saga: 's1', value: 1 }));
    const meanwhile = commits.submit(() => ({ saga: 's2', value: 2 }));
    expect(await meanwhile).toBe('at once');
    expect(await commits.submit(() => ({ saga: 's1', value: 3 }))).toBe('at once');
    done('at last');
    expect(await again).toBe('at last');
  });

  it('writes no more at once than it may', async () => {
    await Promise.all(submitAll(groupCommit({ maxBatch: 2 }), [1, 2, 3, 4, 5]));
    expect(log.values).toEqual([[1, 2], [3, 4], [5]]);
  });

  it.each([[[1]], [[4]], [[8]], [[1, 8]], [[3, 4, 5]]])('rejects only %j when they are refused', async (refused) => {
    refused.forEach((value) => log.refused.add(value));
    const values = [1, 2, 3, 4, 5, 6, 7, 8];
    const results = await Promise.allSettled(submitAll(groupCommit(), values));
    for (const [i, result] of results.entries()) {
      if (refused.includes(values[i]!)) expect(result).toMatchObject({ reason: expect.any(Refused) });
      else expect(result).toMatchObject({ value: `s${values[i]}:${values[i]}` });
    }
  });

  it('rejects every write of a batch that failed, and tries none again', async () => {
    log.failure = new Error('connection lost');
    const results = await Promise.allSettled(submitAll(groupCommit(), [1, 2]));
    expect(results).toEqual([1, 2].map(() => ({ status: 'rejected', reason: log.failure })));
    expect(log.values).toEqual([[1, 2]]);
  });

  it('goes on after a failure', async () => {
    const commits = groupCommit();
    log.failure = new Error('connection lost');
    await expect(commits.submit(() => ({ saga: 's1', value: 1 }))).rejects.toThrow('connection lost');
    log.failure = undefined;
    expect(await commits.submit(() => ({ saga: 's1', value: 2 }))).toBe('s1:2');
  });

  it('has drained when everything that was submitted is written or failed', async () => {
    const commits = groupCommit({ maxBatch: 1 });
    log.refused.add(2);
    const settled: string[] = [];
    for (const write of submitAll(commits, [1, 2, 3])) {
      write.then(
        (result) => settled.push(result),
        () => settled.push('refused'),
      );
    }
    await commits.drain();
    expect(settled).toEqual(['s1:1', 'refused', 's3:3']);
    await commits.drain();
  });
});
