import { setTimeout as delay } from 'node:timers/promises';
import { startApplication } from '../application.js';
import type { BenchCase } from '../finding.js';
import type { BenchServer } from '../servers/bench-server.js';

const SETTLED_MS = 3_000;
const WATCHED_MS = 20_000;

/** What an application costs its server that has sagas and runs none; counted by the server. */
export function idle(
  server: BenchServer,
  { counter, most }: { readonly counter: string; readonly most: number },
): BenchCase {
  const name = `${server.name}-idle`;
  return {
    name,
    async run() {
      const database = await server.create();
      const { close } = await startApplication({ storage: database.storage() });
      await delay(SETTLED_MS);
      const before = (await database.counters())[counter]!;
      await delay(WATCHED_MS);
      const perSecond = ((await database.counters())[counter]! - before) / (WATCHED_MS / 1_000);
      await close();
      await database.close();
      const bound = { text: `an idle worker costs at most ${most} statements a second`, held: perSecond <= most };
      return [{ case: name, bound, more: { statements_per_s: perSecond } }];
    },
  };
}
