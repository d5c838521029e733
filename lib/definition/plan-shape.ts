import { createHash } from 'node:crypto';
import type { PlanShape, PlanShapeNode } from '../storage/saga-record.js';
import { createPlan, type Plan, type PlanNode, type StepKind, type StepPlan } from './plan.js';
import { DEFAULT_COMPENSATION, DEFAULT_RETRY } from './retry-policy.js';

/** What is stored of a plan with each saga: the names and kinds of its steps, in order, and nothing that may change freely. */
export function planShape(nodes: readonly PlanNode[]): PlanShape {
  return nodes.map(shapeOf);
}

function shapeOf(node: PlanNode): PlanShapeNode {
  if (node.type === 'step') return { step: node.name, kind: node.kind };
  return { fallback: [shapeOf(node.primary), shapeOf(node.backup)] };
}

/** A short name for a shape: 16 hexadecimal digits of a SHA-256. Equal shapes have equal hashes, on every version of Node. */
export function planHash(shape: PlanShape): string {
  return createHash('sha256').update(canonicalText(shape)).digest('hex').slice(0, 16);
}

/** Whether a stored plan is still the code's: the same steps, of the same kinds, in the same order. */
export function sameShape(a: PlanShape, b: PlanShape): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** The same text however a database ordered the keys. */
function canonicalText(shape: PlanShape): string {
  return JSON.stringify(shape.map(canonical));
}

function canonical(node: PlanShapeNode): unknown {
  return 'step' in node ? [node.step, node.kind] : node.fallback.map(canonical);
}

/** Every step's name, in order; of a fallback the primary's first. */
export function stepNames(shape: PlanShape): readonly string[] {
  return shape.flatMap((node) => ('step' in node ? [node.step] : stepNames(node.fallback)));
}

/**
 * The plan of a saga that was stored when its definition had other steps. Steps that the code still has keep its policies,
 * but the kind that they had: that is what was promised when the saga was created. The others get the defaults.
 */
export function planFromShape(shape: PlanShape, current: Plan): Plan {
  const { deadline, onDefinitionChange } = current;
  const nodes = shape.map((node) => nodeOf(node, current));
  return createPlan({ nodes, onDefinitionChange, ...(deadline === undefined ? {} : { deadline }) });
}

function nodeOf(node: PlanShapeNode, current: Plan): PlanNode {
  if ('step' in node) return stepOf(node.step, kindOf(node.kind), current.steps.get(node.step));
  const [primary, backup] = node.fallback;
  return { type: 'fallback', primary: nodeOf(primary, current), backup: nodeOf(backup, current) };
}

function stepOf(name: string, kind: StepKind, known: StepPlan | undefined): StepPlan {
  if (known !== undefined) return { ...known, kind };
  return {
    type: 'step',
    name,
    kind,
    retry: DEFAULT_RETRY,
    compensation: DEFAULT_COMPENSATION,
    compensateOnFailure: false,
  };
}

/** A kind of a newer release counts as the default: there, a missing compensation is noticed. */
function kindOf(stored: string): StepKind {
  return stored === 'pivot' || stored === 'retriable' || stored === 'readonly' ? stored : 'compensatable';
}
