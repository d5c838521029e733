import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos-run.js';
import { CHAOS_SERVERS } from './chaos-server.js';
import { toText } from './report.js';
import type { StorageName } from '../harness/process-storage.js';

const NAMES = Object.keys(CHAOS_SERVERS) as StorageName[];

const { values } = parseArgs({
  options: {
    storage: { type: 'string', default: 'sqlite' },
    seconds: { type: 'string', default: '30' },
    /** Repeats a run: its sagas, its faults and their times. Default: another one each time. */
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    /** Sagas started each second. */
    rate: { type: 'string', default: '40' },
  },
});

const storage = NAMES.find((name) => name === values.storage);
if (storage === undefined) throw new Error(`--storage must be one of ${NAMES.join(', ')}, not ${values.storage}`);
const [seconds, seed, perSecond] = [values.seconds, values.seed, values.rate].map(Number) as [number, number, number];
if (!(seconds > 0 && perSecond > 0 && Number.isInteger(seed))) {
  throw new Error('--seconds and --rate must be numbers above 0, --seed a whole number');
}

console.log(
  `Seed ${String(seed)}: npm run chaos -- --storage ${storage} --seconds ${String(seconds)} --seed ${String(seed)}`,
);

/** A terminal sends Ctrl-C to all of us at once, and npm sends it a second time: whatever comes behind the first one changes nothing. */
const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopped.abort(name));

try {
  const report = await runChaos({
    storage,
    seconds,
    seed,
    perSecond,
    signal: stopped.signal,
    onUp: () => console.log('Everything is up.'),
  });
  console.log(toText(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} catch (error) {
  if (!stopped.signal.aborted) throw error;
  const name = stopped.signal.reason as 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  console.log(`Stopped by ${name} before the end: nothing was judged, and nothing is left running.`);
  process.exitCode = 128 + constants.signals[name];
}
