import type { PlanShapeNode } from '../storage/saga-record.js';
import { mermaidLines, mermaidText } from './mermaid-text.js';
import { stepNames } from './plan-shape.js';
import type { SagaPicture } from './saga-picture.js';
import type { StepState } from './step-state.js';

type Ids = ReadonlyMap<string, string>;

/** Who is called when: of a definition every way, of one saga what has happened to it. */
export function sequenceDiagram({ name, plan, steps }: SagaPicture): string {
  const names = stepNames(plan);
  const ids = new Map(names.map((step, i) => [step, `step${String(i + 1)}`]));
  const lines = [
    `participant saga as ${mermaidText(name)}`,
    ...names.map((step) => `participant ${idOf(step, ids)} as ${mermaidText(step)}`),
    ...(steps === undefined ? everyWay(plan, ids) : whatHappened(steps, ids)),
  ];
  return mermaidLines('sequenceDiagram', lines);
}

function everyWay(plan: readonly PlanShapeNode[], ids: Ids): string[] {
  const undos = undoable(plan).map((step) => idOf(step, ids));
  const back = undos.reverse().flatMap((id) => [`  saga->>${id}: compensate`, `  ${id}-->>saga: compensated`]);
  const forward = plan.flatMap((node) => actOf(node, ids));
  return back.length === 0 ? forward : [...forward, 'opt a step fails: those that acted are undone', ...back, 'end'];
}

function actOf(node: PlanShapeNode, ids: Ids): string[] {
  if ('step' in node) {
    const id = idOf(node.step, ids);
    return [`saga->>${id}: act`, `${id}-->>saga: completed`];
  }
  const [primary, backup] = node.fallback;
  return [...actOf(primary, ids), 'opt it fails: fallback', ...actOf(backup, ids).map((line) => `  ${line}`), 'end'];
}

/** In order; the steps before the pivot that have a compensation. */
function undoable(plan: readonly PlanShapeNode[]): string[] {
  return plan.flatMap((node) => {
    if (!('step' in node)) return undoable(node.fallback);
    return node.kind === 'pivot' || node.kind === 'retriable' || node.kind === 'readonly' ? [] : [node.step];
  });
}

function whatHappened(steps: NonNullable<SagaPicture['steps']>, ids: Ids): string[] {
  const known = steps.filter(({ name }) => ids.has(name));
  const forward = known.flatMap(({ name, state }) => acted(idOf(name, ids), state));
  const back = [...known].reverse().flatMap(({ name, state }) => undone(idOf(name, ids), state));
  return [...forward, ...back];
}

function acted(id: string, state: StepState): string[] {
  const act = `saga->>${id}: act`;
  switch (state) {
    case 'pending':
      return [];
    case 'completed':
      return coloured('220, 252, 231', [act, `${id}-->>saga: completed`]);
    case 'failed':
      return coloured('254, 226, 226', [act, `${id}--xsaga: failed`]);
    case 'unknown':
      return coloured('255, 237, 213', [act, `Note over saga,${id}: outcome unknown`]);
    case 'running':
      return coloured('219, 234, 254', [act]);
    case 'compensating':
    case 'compensated':
    case 'compensation-failed':
    case 'skipped':
      return [act];
  }
}

function undone(id: string, state: StepState): string[] {
  const compensate = `saga->>${id}: compensate`;
  switch (state) {
    case 'compensating':
      return coloured('254, 249, 195', [compensate]);
    case 'compensated':
      return coloured('243, 232, 255', [compensate, `${id}-->>saga: compensated`]);
    case 'compensation-failed':
      return coloured('254, 202, 202', [compensate, `${id}--xsaga: failed`]);
    case 'skipped':
      return coloured('243, 244, 246', [`Note over saga,${id}: resolved by an operator`]);
    case 'pending':
    case 'running':
    case 'completed':
    case 'failed':
    case 'unknown':
      return [];
  }
}

function coloured(rgb: string, lines: readonly string[]): string[] {
  return [`rect rgb(${rgb})`, ...lines.map((line) => `  ${line}`), 'end'];
}

function idOf(step: string, ids: Ids): string {
  return ids.get(step) ?? step;
}
