import type { CompensationPolicy, RetrySchedule } from './retry-policy.js';

/**
 * - `compensatable`: acts and can be undone; the default.
 * - `pivot`: after its success the saga only goes forward.
 * - `retriable`: stands behind the pivot and is acted until it succeeds.
 * - `readonly`: changes nothing, so there is nothing to undo.
 *
 * The first three are the terms of Mehrotra, Rastogi, Korth and Silberschatz (1992).
 */
export type StepKind = 'compensatable' | 'pivot' | 'retriable' | 'readonly';

/** A step as the rules see it: data only, no code. */
export interface StepPlan {
  readonly type: 'step';
  readonly name: string;
  readonly kind: StepKind;
  readonly retry: RetrySchedule;
  readonly compensation: CompensationPolicy;
  /** Milliseconds that one attempt of `act` may take; absent: no limit. */
  readonly timeout?: number;
  readonly compensateOnFailure: boolean;
  /** Both phases share the storage's transaction with the row that says that they are done. */
  readonly transactional?: boolean;
}

export interface FallbackPlan {
  readonly type: 'fallback';
  readonly primary: PlanNode;
  readonly backup: PlanNode;
}

export type PlanNode = StepPlan | FallbackPlan;

/** What to do with a stored saga whose steps the code no longer has in this order. */
export type DefinitionChangePolicy = 'hold' | 'compensate';

/** The ordered steps of a saga, with everything that the rules need to know of them. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
  /** Every step, those of fallbacks included, by name and in order. */
  readonly steps: ReadonlyMap<string, StepPlan>;
  /** The name of the pivot, if there is one. */
  readonly pivot?: string;
  /** The steps behind the pivot: they cannot be undone, so they are acted until they succeed. */
  readonly behindPivot: ReadonlySet<string>;
  /** Milliseconds from creation; absent: none. */
  readonly deadline?: number;
  readonly onDefinitionChange: DefinitionChangePolicy;
}

/** Makes a plan of its nodes and looks up once what the rules ask for at every move. */
export function createPlan(source: Pick<Plan, 'nodes' | 'deadline' | 'onDefinitionChange'>): Plan {
  const steps = new Map<string, StepPlan>();
  const behindPivot = new Set<string>();
  let pivot: string | undefined;
  for (const step of stepsOf(source.nodes)) {
    steps.set(step.name, step);
    if (pivot !== undefined) behindPivot.add(step.name);
    if (step.kind === 'pivot') pivot = step.name;
  }
  return { ...source, steps, behindPivot, ...(pivot === undefined ? {} : { pivot }) };
}

function* stepsOf(nodes: readonly PlanNode[]): Iterable<StepPlan> {
  for (const node of nodes) {
    if (node.type === 'step') yield node;
    else yield* stepsOf([node.primary, node.backup]);
  }
}
