import { writeFile } from 'node:fs/promises';
import { threeSteps } from '../bench-saga.js';
import { floor, ours } from '../contestants.js';
import { median, takeTurns, type Contestant } from '../measure.js';
import { peerContestant, peerProblem, type Peer } from '../peers.js';
import { postgres } from '../servers/postgres.js';
import { drawThroughput, type Curve } from './throughput-chart.js';

const AT_ONCE = [1, 4, 16, 64, 256, 1_000] as const;

/** How many sagas one of so many lanes runs in a round: enough of them for half a second, by what each contestant can do. */
const SAGAS_A_LANE = { ours: 40, floor: 40, dbos: 4, bullmq: 20 } as const;

const NAMES = { ours: 'nest-saga', floor: 'hand-written floor', bullmq: 'BullMQ on Redis', dbos: 'DBOS' } as const;

/** Measures throughput against concurrency for ours, the floor and the peers that are installed, in turns, and draws it. */
export async function picture(file: string, rounds: number): Promise<void> {
  const curves = new Map<keyof typeof NAMES, [number, number][]>();
  for (const atOnce of AT_ONCE) {
    const seen = await takeTurns<keyof typeof NAMES>({ rounds, warmUp: 1, contestants: contestantsFor(atOnce) });
    for (const [name, played] of Object.entries(seen) as [keyof typeof NAMES, (typeof seen)[keyof typeof NAMES]][]) {
      const points = curves.get(name) ?? [];
      curves.set(name, [...points, [atOnce, median(played.map(({ perSecond }) => perSecond))]]);
    }
  }
  const drawn = [...curves].map(([name, points]): Curve => ({ name: NAMES[name], style: name, points }));
  await writeFile(file, drawThroughput(drawn));
}

function contestantsFor(atOnce: number): Record<keyof typeof NAMES, () => Promise<Contestant>> {
  const load = (name: keyof typeof SAGAS_A_LANE) => ({
    sagas: Math.max(atOnce, Math.min(SAGAS_A_LANE[name] * atOnce, 4_000)),
    atOnce,
  });
  const options = { server: postgres, saga: threeSteps, load: load('ours') };
  const peers = (['bullmq', 'dbos'] satisfies Peer[]).filter((peer) => peerProblem(peer) === undefined);
  return {
    floor: () => floor(options),
    ours: () => ours(options),
    ...Object.fromEntries(peers.map((peer) => [peer, () => peerContestant(peer, load(peer))])),
  } as Record<keyof typeof NAMES, () => Promise<Contestant>>;
}
