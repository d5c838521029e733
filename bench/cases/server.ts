import type { BenchSaga } from '../bench-saga.js';
import { lastStepFails, tenSteps, threeSteps } from '../bench-saga.js';
import { floor, ours } from '../contestants.js';
import { allOf, atLeast, findingOf, type BenchCase, type Bound } from '../finding.js';
import { compare, median, quantile, takeTurns, type Load, type Round } from '../measure.js';
import { peerContestant, peerProblem, type Peer } from '../peers.js';
import type { BenchServer } from '../servers/bench-server.js';

/** Each in so many rounds: they are slow. */
const PEER_ROUNDS = 3;

/** How many times a peer's sagas per second ours have to be. */
export interface PeerBound {
  readonly peer: Peer;
  readonly times: number;
  /** How many sagas a round of its has. */
  readonly sagas: number;
}

export interface AtOnceOptions {
  readonly server: BenchServer;
  /** Behind the server's name, in the name of the case. */
  readonly name: string;
  readonly saga?: BenchSaga;
  readonly load: Load;
  /** Of the floor. */
  readonly least: number;
  readonly peers?: readonly PeerBound[];
}

/** So many sagas at the same time, against the floor, and against peers in the same run. */
export function atOnce({ server, name, saga = threeSteps, load, least, peers = [] }: AtOnceOptions): BenchCase {
  const fullName = `${server.name}-${name}`;
  return {
    name: fullName,
    async run(rounds) {
      const present = peers.filter(({ peer }) => peerProblem(peer) === undefined);
      const seen = await takeTurns<string>({
        rounds,
        warmUp: 1,
        contestants: {
          ours: () => ours({ server, saga, load }),
          floor: () => floor({ server, saga, load }),
          ...Object.fromEntries(
            present.map(({ peer, sagas }) => [peer, () => peerContestant(peer, { sagas, atOnce: load.atOnce })]),
          ),
        },
        only: Object.fromEntries(present.map(({ peer }) => [peer, PEER_ROUNDS])),
      });
      const comparison = compare(seen['ours']!, seen['floor']!);
      const against = present.map((bound) => againstPeer(bound, seen['ours']!, seen[bound.peer]!));
      return [
        {
          ...findingOf(fullName, comparison),
          bound: allOf([atLeast(comparison.ratio, least), ...against.map(({ bound }) => bound)]),
          more: Object.assign({}, ...against.map(({ more }) => more)) as Record<string, number>,
        },
      ];
    },
  };
}

function againstPeer({ peer, times }: PeerBound, ours: readonly Round[], theirs: readonly Round[]) {
  const ratio = median(theirs.map(({ perSecond }, n) => ours[n]!.perSecond / perSecond));
  const bound: Bound = { text: `at least ${times} times ${peer}`, held: ratio >= times };
  return {
    bound,
    more: { [`${peer}_sagas_per_s`]: median(theirs.map(({ perSecond }) => perSecond)), [`times_${peer}`]: ratio },
  };
}

/** One after the other: how long half of them take at most, by the floor's. */
export function oneAtATime(server: BenchServer, { most }: { readonly most: number }): BenchCase {
  const name = `${server.name}-one-at-a-time`;
  return {
    name,
    async run(rounds) {
      // Short rounds, and more of them: the disk's mood changes within seconds.
      const options = { server, saga: threeSteps, load: { sagas: 100, atOnce: 1 } };
      const seen = await takeTurns({
        rounds: rounds * 3,
        warmUp: 3,
        contestants: { ours: () => ours(options), floor: () => floor(options) },
      });
      const floorP50 = quantile(
        seen.floor.flatMap(({ latencies }) => latencies),
        0.5,
      );
      const p50Ratio = median(seen.ours.map((round, n) => p50(round) / p50(seen.floor[n]!)));
      const bound = { text: `half of them within ${most} times what the floor takes`, held: p50Ratio <= most };
      return [
        {
          ...findingOf(name, compare(seen.ours, seen.floor)),
          bound,
          more: { floor_p50_ms: floorP50, p50_ratio: p50Ratio },
        },
      ];
    },
  };
}

function p50({ latencies }: Round): number {
  return quantile(latencies, 0.5);
}

/** The third step throws, and what was done is undone. */
export function goingBack(server: BenchServer, { least }: { readonly least: number }): BenchCase {
  return atOnce({
    server,
    name: 'last-step-fails',
    saga: lastStepFails,
    load: { sagas: 3_000, atOnce: 64 },
    least,
  });
}

/** What a step of ten costs, beside one of three. */
export function longer(server: BenchServer): BenchCase {
  const name = `${server.name}-ten-steps`;
  return {
    name,
    async run(rounds) {
      const atOnce = 64;
      const ten = { server, saga: tenSteps, load: { sagas: 1_500, atOnce } };
      const three = { server, saga: threeSteps, load: { sagas: 4_000, atOnce } };
      const seen = await takeTurns({
        rounds,
        warmUp: 1,
        contestants: { ten: () => ours(ten), floor: () => floor(ten), three: () => ours(three) },
      });
      const cost = median(seen.ten.map((round, n) => (3 * seen.three[n]!.perSecond) / (10 * round.perSecond)));
      return [
        {
          ...findingOf(name, compare(seen.ten, seen.floor)),
          bound: { text: 'a step costs no more than one of three', held: cost <= 1 },
          more: { cost_of_a_step_by_that_of_three: cost },
        },
      ];
    },
  };
}
