import { isFinal } from '../../lib/storage/saga-record.js';
import type { Phase } from '../../lib/storage/log-entry.js';
import { calling, runOf } from './process.js';
import { check } from './violation.js';
import { hasPassedPivot, watched } from './watch.js';
import { replaceOutside, workerOf, type Process, type World } from './world.js';

/** What a call does to the world outside, made by a handler that runs. Holds the call itself against the promises. */
export function callHappens(world: World, process: Process): void {
  const { phase, step } = calling(process);
  begin(world, process);
  takeEffect(world, { phase, step, isLate: !owns(world, process) });
}

/** A handler is called; whether anything comes of it is another question. */
export function begin(world: World, process: Process): void {
  const { phase, step, attempt } = calling(process);
  const known = watched(world.watch, step);
  const started = phase === 'act' ? known.acts : known.undos;
  check(started >= attempt, '"started" is durable before anything is done (promise 1)', { phase, step, attempt });
  if (phase === 'compensate') replaceOutside(world, step, { settled: true });
  if (!owns(world, process)) return;
  // An earlier commit of its own has landed late, and has taken the place of this one: whatever is done now is rolled back.
  if (known.plan.transactional === true && runOf(process).version !== world.store.version) return;
  // From here on it is no late effect: this worker has the saga, and knows all that is known.
  check(runOf(process).version === world.store.version, 'who has the saga knows its log', runOf(process).version);
  check(started === attempt, 'an attempt is made once', { phase, step, attempt });
  if (phase === 'act') check(!world.watch.turned, 'no act behind the point of no return (promise 2)', step);
  else check(world.watch.turned, 'COMPENSATING is durable before the first compensation (promise 2)', step);
}

/** A call takes effect, however late. */
export function takeEffect(
  world: World,
  { phase, step, isLate }: { readonly phase: Phase; readonly step: string; readonly isLate: boolean },
): void {
  if (phase === 'compensate') return replaceOutside(world, step, { stands: false, late: false });
  replaceOutside(world, step, { stands: true, happened: true, late: isLate && isBeyondReach(world, step) });
}

/** Its compensation has begun, or its step was settled without it: nobody will look for it any more (9.10). */
function isBeyondReach({ watch, outside, store }: World, step: string): boolean {
  const { undo } = watched(watch, step);
  return outside[step]?.settled === true || undo === 'skipped' || isFinal(store.state.status);
}

function owns({ store }: World, process: Process): boolean {
  return store.worker === workerOf(process);
}

/** What must be true of the world outside once a saga is over. */
export function checkEnd({ store, watch, outside }: World): void {
  if (store.state.status === 'COMPLETED') {
    for (const { name, act } of watch.steps) {
      const stands = outside[name]?.stands === true;
      check(act !== 'completed' || stands, 'what COMPLETED says is done stands outside', name);
    }
  }
  if (store.state.status !== 'FAILED') return;
  check(!hasPassedPivot(watch), 'behind the pivot no saga fails', watch);
  for (const { name, plan, undo } of watch.steps) {
    const is = outside[name];
    if (plan.kind === 'readonly' || undo === 'skipped') continue;
    check(is?.stands !== true || is.late, 'what FAILED says is undone stands no more', { name, ...is });
  }
}
