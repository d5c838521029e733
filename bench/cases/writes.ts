import { setTimeout as delay } from 'node:timers/promises';
import { threeSteps } from '../bench-saga.js';
import { floor, ours } from '../contestants.js';
import type { BenchCase } from '../finding.js';
import type { Contestant } from '../measure.js';
import { peerContestant, peerProblem, type Peer } from '../peers.js';
import type { BenchServer } from '../servers/bench-server.js';

const LOAD = { sagas: 200, atOnce: 1 };

/** Servers tell of what a connection did some seconds after it has come to rest. */
const SETTLED_MS = 12_000;

const PEERS: readonly Peer[] = ['dbos', 'bullmq'];

/** What a saga of three steps costs its server, one at a time, counted by the server; and what it costs the peers'. */
export function writes(server: BenchServer): BenchCase {
  const name = `${server.name}-writes`;
  return {
    name,
    async run() {
      const options = { server, saga: threeSteps, load: LOAD };
      const contestants: readonly (readonly [string, () => Promise<Contestant>])[] = [
        ['ours', () => ours(options)],
        ['floor', () => floor(options)],
        ...PEERS.filter((peer) => peerProblem(peer) === undefined).map(
          (peer) => [peer, () => peerContestant(peer, LOAD)] as const,
        ),
      ];
      const counted = await Promise.all(contestants.map(async ([who, open]) => countedBy(who, await open())));
      return [{ case: name, more: Object.assign({}, ...counted) as Record<string, number> }];
    },
  };
}

async function countedBy(who: string, contestant: Contestant): Promise<Record<string, number>> {
  await delay(SETTLED_MS);
  const before = (await contestant.counters?.()) ?? {};
  await contestant.round();
  await delay(SETTLED_MS);
  const after = (await contestant.counters?.()) ?? {};
  await contestant.close?.();
  return Object.fromEntries(
    Object.entries(after).map(([what, count]) => [`${who}_${what}_each`, (count - (before[what] ?? 0)) / LOAD.sagas]),
  );
}
