import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contestant, Load, Round } from './measure.js';
import { postgres } from './servers/postgres.js';
import { RedisServer } from './servers/redis.js';

/** What this library is measured against: `bench/peers` has a program for each. */
export type Peer = 'dbos' | 'bullmq';

const PACKAGES = { dbos: '@dbos-inc/dbos-sdk', bullmq: 'bullmq' } as const;

/** Why a peer cannot take part. */
export function peerProblem(peer: Peer): string | undefined {
  const installed = existsSync(new URL(`./peers/node_modules/${PACKAGES[peer]}`, import.meta.url));
  if (installed) return undefined;
  return `${peer} does not take part: it is not installed (npm ci --prefix bench/peers)`;
}

/** What a peer's program is asked. */
export type PeerQuestion = Load;

/** A peer in a process of its own, with a server's database of its own. */
export async function peerContestant(peer: Peer, load: Load): Promise<Contestant> {
  const { address, counters, close } = await SERVERS[peer]();
  const child = fork(fileURLToPath(new URL(`./peers/${peer}.ts`, import.meta.url)), [address], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // What it warns of its own packages is nothing that this can mend.
    execArgv: [...process.execArgv, '--no-warnings'],
  });
  await once(child, 'message');
  return {
    async round() {
      child.send(load satisfies PeerQuestion);
      const [round] = (await once(child, 'message')) as [Round];
      return round;
    },
    counters,
    async close() {
      child.disconnect();
      await once(child, 'exit');
      await close();
    },
  };
}

const SERVERS = {
  async dbos() {
    const database = await postgres.create();
    return {
      address: database.url,
      counters: () => database.counters(),
      close: () => database.close(),
    };
  },
  async bullmq() {
    const server = await RedisServer.start();
    return { address: String(server.port), counters: () => server.counters(), close: () => server.stop() };
  },
} as const;
