/** How a {@link GroupCommit} writes. */
export interface GroupCommitOptions<Write, Result> {
  /** Writes of the same key never meet in one batch, and happen in the order in which they were submitted. */
  readonly key: (write: Write) => string;
  /**
   * Makes all writes of the batch durable, or none; the results come in the order of the writes. One that is to be made again later has a promise
   * for its result: nobody but its submitter waits for that.
   */
  readonly commit: (batch: readonly Write[]) => Promise<readonly (Result | Promise<Result>)[]>;
  /**
   * Makes a write durable that met no other, before it returns. `undefined`: it has not happened, and is left to `commit`. Default: there is
   * no such shortcut. What it throws is the failure of the write.
   */
  readonly commitAlone?: (write: Write) => Result | undefined;
  /**
   * Says of an error of `commit` that none of the batch has happened, because of one of the writes, which will never be accepted, or because they are
   * too many. The batch is then split, so that the others are not harmed.
   */
  readonly isRefusal: (error: unknown) => boolean;
  /** How many of the refused batch would go together, where the error tells; default: half of them. */
  readonly fitting?: (error: unknown) => number | undefined;
  /** At most this many writes in one batch; default 256. */
  readonly maxBatch?: number;
  /** At most this many batches under way at once; default 1. */
  readonly concurrency?: number;
}

interface Waiting<Write, Result> {
  readonly write: Write;
  readonly key: string;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/** Fewer writes are not worth a commit of their own. */
const LEAST_SHARE = 16;

/** How often in a row a write may go on alone before everybody else gets a turn. */
const TURNS_ALONE = 8;

/**
 * Writes that meet are made durable together, because a commit costs the same for one as for many (an idea as old as
 * databases: IMS Fast Path, 1976).
 *
 * A batch is all that was submitted until the event loop has run every callback that was ready (`setImmediate`), and while
 * earlier batches were under way. So a lone write does not wait for company, and sagas that a batch has let go on meet again in the
 * next one. Where the last batch was one write, nobody else is in sight: then a batch is all that was submitted until the promises
 * that are settled have been followed up (`process.nextTick`), which saves the turn of the event loop.
 *
 * A batch whose `commit` fails with a refusal is split until the refused write stands alone. Any other failure is the
 * failure of each of its writes: whether they happened is not known.
 */
export class GroupCommit<Write, Result> {
  private waiting: Waiting<Write, Result>[] = [];
  private readonly keysUnderWay = new Set<string>();
  private batchesUnderWay = 0;
  private scheduled = false;
  /** How many batches in a row were of one write; beyond {@link TURNS_ALONE}, the count begins anew. */
  private loneBatches = 0;
  private readonly drained: (() => void)[] = [];

  constructor(private readonly options: GroupCommitOptions<Write, Result>) {}

  /**
   * Resolves when the write is durable; rejects with what preparing it throws. One promise for whoever waits, since thousands do at once: an
   * `async` function around it would hold as much again.
   */
  submit<R extends Result = Result>(prepare: () => Write): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const write = prepare();
      this.waiting.push({
        write,
        key: this.options.key(write),
        resolve: resolve as Waiting<Write, Result>['resolve'],
        reject,
      });
      this.schedule();
    });
  }

  /** Resolves when everything that was submitted has succeeded or failed. Never rejects. */
  drain(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.drained.push(resolve));
  }

  private get isIdle(): boolean {
    return this.waiting.length === 0 && this.batchesUnderWay === 0;
  }

  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0 || this.batchesUnderWay >= (this.options.concurrency ?? 1)) return;
    this.scheduled = true;
    if (this.isAlone()) process.nextTick(this.start);
    else setImmediate(this.start);
  }

  private readonly start = (): void => {
    this.scheduled = false;
    if (this.writeAlone()) this.goOn();
    else void this.writeNextBatch();
  };

  private goOn(): void {
    this.schedule();
    if (this.isIdle) for (const resolve of this.drained.splice(0)) resolve();
  }

  private isAlone(): boolean {
    return this.waiting.length === 1 && this.loneBatches > 0 && this.loneBatches <= TURNS_ALONE;
  }

  private noteSize(batch: number): void {
    this.loneBatches = batch > 1 ? 0 : (this.loneBatches % (TURNS_ALONE + 1)) + 1;
  }

  /** Takes the shortcut, if there is one. Nothing else happens meanwhile, so nobody has to know that this write is under way. */
  private writeAlone(): boolean {
    const [only] = this.waiting;
    const { commitAlone } = this.options;
    if (commitAlone === undefined || only === undefined || this.waiting.length > 1 || this.batchesUnderWay > 0)
      return false;
    try {
      const result = commitAlone(only.write);
      if (result === undefined) return false;
      only.resolve(result);
    } catch (error) {
      only.reject(error);
    }
    this.waiting.pop();
    this.noteSize(1);
    return true;
  }

  private async writeNextBatch(): Promise<void> {
    const batch = this.takeBatch();
    if (batch.length === 0) return;
    this.noteSize(batch.length);
    this.batchesUnderWay++;
    this.schedule();
    await this.write(batch);
    this.batchesUnderWay--;
    for (const { key } of batch) this.keysUnderWay.delete(key);
    this.goOn();
  }

  /** The oldest waiting writes whose keys are free; the others stay, in their order. */
  private takeBatch(): readonly Waiting<Write, Result>[] {
    const most = this.shareOfBatch();
    const batch: Waiting<Write, Result>[] = [];
    const left: Waiting<Write, Result>[] = [];
    for (const item of this.waiting) {
      if (batch.length < most && !this.keysUnderWay.has(item.key)) {
        this.keysUnderWay.add(item.key);
        batch.push(item);
      } else {
        left.push(item);
      }
    }
    this.waiting = left;
    return batch;
  }

  /**
   * Batches that may be under way at once share what there is, as long as each gets some: sagas that all meet in one batch
   * keep each other company for ever, and the process and the database would take turns in waiting for each other.
   */
  private shareOfBatch(): number {
    const { maxBatch = 256, concurrency = 1 } = this.options;
    const share = Math.ceil((this.waiting.length + this.keysUnderWay.size) / concurrency);
    return Math.min(maxBatch, Math.max(share, LEAST_SHARE));
  }

  private async write(batch: readonly Waiting<Write, Result>[]): Promise<void> {
    try {
      const results = await this.options.commit(batch.map(({ write }) => write));
      batch.forEach(({ resolve }, i) => resolve(results[i] as Result | Promise<Result>));
    } catch (error) {
      if (batch.length > 1 && this.options.isRefusal(error)) {
        const fitting = this.options.fitting?.(error) ?? batch.length >> 1;
        const first = Math.min(Math.max(1, fitting), batch.length - 1);
        await this.write(batch.slice(0, first));
        await this.write(batch.slice(first));
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}
