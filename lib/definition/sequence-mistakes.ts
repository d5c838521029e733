import { stepName, stepOptionsOf } from './definition-metadata.js';
import type { FallbackNode, SagaNode } from './fallback.js';
import { stepClasses } from './saga-nodes.js';
import type { StepKind } from './plan.js';
import type { StepClass } from './step-handler.js';

/** What is wrong with the order of a saga's steps: kinds in the wrong place, and names that stand for two. */
export function sequenceMistakes(saga: string, nodes: readonly SagaNode<never>[]): string[] {
  return [...orderMistakes(saga, nodes), ...nameMistakes(saga, nodes)];
}

/** Compensatable and readonly steps, then at most one pivot, then retriable and readonly ones. */
function orderMistakes(saga: string, nodes: readonly SagaNode<never>[]): string[] {
  const mistakes: string[] = [];
  let pivot: string | undefined;
  for (const node of nodes) {
    if (typeof node !== 'function') {
      mistakes.push(...fallbackMistakes(saga, node, pivot));
      continue;
    }
    const wrong = pivot === undefined ? beforePivot(node) : behindPivot(node, pivot);
    if (wrong !== undefined) mistakes.push(`${saga}: ${wrong}`);
    if (kindOf(node) === 'pivot') pivot ??= node.name;
  }
  return mistakes;
}

function beforePivot(step: StepClass<never>): string | undefined {
  if (kindOf(step) !== 'retriable') return undefined;
  return `${step.name} is retriable, but no pivot stands before it: only what stands behind a pivot is retried until it succeeds`;
}

function behindPivot(step: StepClass<never>, pivot: string): string | undefined {
  switch (kindOf(step)) {
    case 'compensatable':
      return `${step.name} stands behind the pivot ${pivot}, where nothing is undone any more: make it retriable or readonly, or put it before`;
    case 'pivot':
      return `${pivot} and ${step.name} are both pivots: a saga has at most one point of no return`;
    case 'retriable':
    case 'readonly':
      return undefined;
  }
}

function fallbackMistakes(saga: string, node: FallbackNode<never>, pivot: string | undefined): string[] {
  const parts = stepClasses([node]);
  const names = parts.map(({ name }) => name).join(', ');
  if (pivot !== undefined) {
    return [
      `${saga}: the fallback of ${names} stands behind the pivot ${pivot}, where the primary is retried until it succeeds and no backup ever acts`,
    ];
  }
  return parts.flatMap((part) => {
    const kind = kindOf(part);
    if (kind !== 'pivot' && kind !== 'retriable') return [];
    return [`${saga}: ${part.name} is ${kind} and cannot be a part of a fallback (${names})`];
  });
}

/** Each name stands for one step, or the log could not tell them apart. */
function nameMistakes(saga: string, nodes: readonly SagaNode<never>[]): string[] {
  const byName = new Map<string, StepClass<never>>();
  return stepClasses(nodes).flatMap((type) => {
    const name = stepName(type);
    const first = byName.get(name);
    if (first === undefined) {
      byName.set(name, type);
      return [];
    }
    if (first === type)
      return [`${saga}: ${type.name} stands in \`steps\` twice; a step stands once in a saga, and once in a fallback`];
    return [`${saga}: ${first.name} and ${type.name} are both named '${name}'; give one of them another \`name\``];
  });
}

function kindOf(type: StepClass<never>): StepKind {
  return stepOptionsOf(type)?.kind ?? 'compensatable';
}
