import type { LogEntry } from 'nest-saga';
import type { Played, Story } from './story.js';

interface Line {
  readonly at: Date;
  readonly who: string;
  readonly what: string;
}

/** Prints what was done, redone and undone, and by whom. */
export function printStory({ title, killedIn }: Story, { killedAt, log, requests }: Played): void {
  const workers = [...new Set(log.map(({ worker }) => worker))];
  const lines: Line[] = log.map((entry) => ({
    at: entry.at,
    who: `worker ${workers.indexOf(entry.worker) + 1}`,
    what: describe(entry),
  }));
  const takeover = lines.findIndex(({ what }) => what === TAKES_OVER);
  lines.splice(takeover, 0, { at: killedAt, who: 'worker 1', what: `✗ KILLED in ${killedIn}` });

  const start = lines[0]?.at ?? killedAt;
  console.log(`\n${title}\n`);
  for (const { at, who, what } of lines) console.log(`  ${seconds(start, at).padStart(6)} s  ${who}  ${what}`);
  console.log(`\n  Recovered ${seconds(killedAt, lines[takeover + 1]?.at ?? killedAt)} s after the kill.`);
  console.log('  Outside, by idempotency key:');
  for (const { key, asked, done } of requests) {
    const again = asked > done ? '  ← the same key, so it happened once' : '';
    console.log(`    ${key.padEnd(36)} asked ${asked}×, done ${done}×${again}`);
  }
}

const TAKES_OVER = '⚑ takes the saga over';

const SAGA_WORDS: Partial<Record<LogEntry['event'], string>> = {
  created: '• saga created',
  claimed: TAKES_OVER,
  compensating: '← point of no return: from here on, only undoing',
  completed: '• saga COMPLETED',
  failed: '• saga FAILED: all is undone',
};

/** One entry of the log in words; a further attempt is marked as AGAIN. */
function describe(entry: LogEntry): string {
  if (entry.step === undefined) return SAGA_WORDS[entry.event] ?? entry.event;
  const { step, phase, event } = entry;
  if (event === 'failed') return `✗ ${step} failed: ${entry.error.message}`;
  if (event !== 'started') return phase === 'act' ? `✓ ${step} done` : `✓ ${step} undone`;
  const again = entry.attempt > 1 ? ', AGAIN' : '';
  return phase === 'act' ? `→ ${step}${again}` : `← undo ${step}${again}`;
}

function seconds(from: Date, to: Date): string {
  return ((to.getTime() - from.getTime()) / 1000).toFixed(2);
}
