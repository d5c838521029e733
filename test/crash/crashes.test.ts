import { describe, expect, it } from '@jest/globals';
import { CrashRun } from './crash-run.js';
import { brokenPromises } from './ledger-rules.js';
import type { ScenarioName } from './scenarios.js';

const SCENARIOS: readonly {
  readonly name: ScenarioName;
  readonly end: string;
  readonly compensatable: readonly string[];
}[] = [
  { name: 'forward', end: 'COMPLETED', compensatable: ['A', 'B', 'C'] },
  { name: 'back', end: 'FAILED', compensatable: ['A', 'B', 'C'] },
  { name: 'pivot', end: 'COMPLETED', compensatable: ['A'] },
];

/** How many places of a second crash are tried behind each first one. All of them: CRASH_PAIRS=all. */
const SECONDS = process.env.CRASH_PAIRS === 'all' ? Infinity : 1;
const AT_ONCE = 3;

describe.each(SCENARIOS)('a process that is killed while its saga goes $name', ({ name, end, compensatable }) => {
  it('at any write or effect, once or twice, leaves a saga that others finish with all promises kept', async () => {
    const points = await pointsOf({ name, end });
    expect(points.length).toBeGreaterThan(10);
    const report: string[] = [];
    await inParallel(points, async (first, i) => {
      const died = await killAt(new CrashRun(name), { starts: true, crashAt: first });
      const seconds = await finish(died.fork(), [first]);
      const chosen = SECONDS === Infinity ? seconds : spread(seconds, SECONDS, i);
      report.push(`${first}${chosen.length > 0 ? `; then ${chosen.join(', or ')}` : ''}`);
      for (const second of chosen) {
        await finish(await killAt(died.fork(), { starts: false, crashAt: second }), [first, second]);
      }
      died.dispose();
    });
    console.log(
      `Crash points, ${name}:\n${report
        .sort()
        .map((line) => `  ${line}`)
        .join('\n')}`,
    );
  }, 600_000);

  async function killAt(
    run: CrashRun,
    order: { readonly starts: boolean; readonly crashAt: string },
  ): Promise<CrashRun> {
    expect({ ...order, ...(await run.run(order)) }).toMatchObject({ ...order, signal: 'SIGKILL' });
    return run;
  }

  /** Lets another process finish, and looks at what is left; returns the points that it passed. */
  async function finish(run: CrashRun, points: readonly string[]): Promise<readonly string[]> {
    expect({ points, ...(await run.run({ starts: false })) }).toMatchObject({ points, code: 0, errors: '' });
    const { saga, history } = await run.stored();
    const effects = run.effects();
    const reached = run.reached();
    run.dispose();
    // Killed before anything was durable: then nothing may have been done either.
    const status = saga?.record.status ?? 'never stored';
    const broken = brokenPromises({ status, history, effects, compensatable });
    expect({ points, status, broken }).toEqual({
      points,
      status: history.length === 0 ? 'never stored' : end,
      broken: [],
    });
    return reached;
  }
});

/** The crash points of an undisturbed run. */
async function pointsOf({
  name,
  end,
}: {
  readonly name: ScenarioName;
  readonly end: string;
}): Promise<readonly string[]> {
  const run = new CrashRun(name);
  try {
    expect(await run.run({ starts: true })).toMatchObject({ code: 0, errors: '' });
    expect((await run.stored()).saga?.record.status).toBe(end);
    return run.reached();
  } finally {
    run.dispose();
  }
}

/** A few of `all`, others for each `turn`, so that all have their turn. */
function spread<T>(all: readonly T[], count: number, turn: number): readonly T[] {
  if (all.length <= count) return all;
  return Array.from({ length: count }, (_, i) => all[(turn + Math.floor((i * all.length) / count)) % all.length] as T);
}

async function inParallel<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
