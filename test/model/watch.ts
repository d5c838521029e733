import type { StepPlan } from '../../lib/definition/plan.js';
import type { Scenario } from './scenario.js';

/**
 * What the log has said of a step so far: kept by the model itself, in words of the promises, so that a mistake in the
 * rules' own fold of the log is seen as well.
 */
export interface WatchedStep {
  readonly name: string;
  readonly plan: StepPlan;
  /** The place among the steps that acted, by first attempt; -1: it never acted. */
  place: number;
  acts: number;
  act: 'idle' | 'open' | 'retrying' | 'completed' | 'over';
  actStartedAt: number;
  actFailures: number;
  saved: boolean;
  /** It may have happened without anybody knowing. */
  doubt: boolean;
  /** A call of a dead worker, or one that the deadline cut short, may be under way until then; ms. */
  lostUntil: number;
  undos: number;
  undo: 'idle' | 'open' | 'retrying' | 'completed' | 'given-up' | 'skipped';
  undoFailures: number;
  /** When the next attempt, of whichever phase, is due. */
  dueAt: number;
}

/** The model's own memory of a saga's log. */
export interface Watch {
  steps: readonly WatchedStep[];
  /** How many steps have acted. */
  places: number;
  /** From the point of no return on. */
  turned: boolean;
  /** The saga is over for ever. */
  over: boolean;
  cancelled: boolean;
  round: number;
  roundDueAt: number;
  roundAsked: boolean;
  /** Compensations of a round go down from here. */
  cursor: number;
  deadlineAt: number;
  /** The last claim has started nothing yet. */
  fresh: boolean;
  recoveries: number;
}

export function newWatch({ plan }: Scenario): Watch {
  return {
    steps: [...plan.steps.values()].map((step) => newStep(step)),
    places: 0,
    turned: false,
    over: false,
    cancelled: false,
    round: 0,
    roundDueAt: 0,
    roundAsked: false,
    cursor: Infinity,
    deadlineAt: Infinity,
    fresh: false,
    recoveries: 0,
  };
}

function newStep(plan: StepPlan): WatchedStep {
  return {
    name: plan.name,
    plan,
    place: -1,
    acts: 0,
    act: 'idle',
    actStartedAt: 0,
    actFailures: 0,
    saved: false,
    doubt: false,
    lostUntil: 0,
    undos: 0,
    undo: 'idle',
    undoFailures: 0,
    dueAt: 0,
  };
}

export function copyWatch(watch: Watch): Watch {
  return { ...watch, steps: watch.steps.map((step) => ({ ...step })) };
}

export function watched(watch: Watch, name: string): WatchedStep {
  const step = watch.steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`there is no step "${name}"`);
  return step;
}

/** A failed act did not happen, unless its step says otherwise; an unknown one may have (promise 6). */
export function mustBeUndone({ plan, place, act, doubt, undo }: WatchedStep): boolean {
  if (plan.kind !== 'compensatable' || place < 0 || undo === 'completed' || undo === 'skipped') return false;
  return act === 'completed' || act === 'open' || doubt || plan.compensateOnFailure;
}

/** Behind the pivot, or while nobody knows whether it happened: the saga cannot be made to turn. */
export function hasPassedPivot({ steps }: Watch): boolean {
  return steps.some(
    ({ plan, act, doubt }) => plan.kind === 'pivot' && (act === 'completed' || act === 'open' || doubt),
  );
}

export function isEndless(watch: Watch, name: string): boolean {
  const pivot = watch.steps.findIndex(({ plan }) => plan.kind === 'pivot');
  return pivot >= 0 && watch.steps.findIndex((step) => step.name === name) > pivot;
}
