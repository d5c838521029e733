import type { PlanShape, PlanShapeNode } from '../storage/saga-record.js';
import { mermaidLines, mermaidText } from './mermaid-text.js';
import type { SagaPicture } from './saga-picture.js';
import type { StepState } from './step-state.js';

const STYLES: Readonly<Record<StepState, string>> = {
  pending: 'fill:#ffffff,stroke:#9ca3af,color:#374151',
  running: 'fill:#dbeafe,stroke:#2563eb,color:#1e3a8a',
  completed: 'fill:#dcfce7,stroke:#16a34a,color:#14532d',
  failed: 'fill:#fee2e2,stroke:#dc2626,color:#7f1d1d',
  unknown: 'fill:#ffedd5,stroke:#ea580c,color:#7c2d12',
  compensating: 'fill:#fef9c3,stroke:#ca8a04,color:#713f12',
  compensated: 'fill:#f3e8ff,stroke:#9333ea,color:#581c87',
  'compensation-failed': 'fill:#fecaca,stroke:#991b1b,color:#7f1d1d,stroke-width:3px',
  skipped: 'fill:#f3f4f6,stroke:#6b7280,color:#374151,stroke-dasharray:4',
};

/** What follows what: the way forward in full lines, the way back in dotted ones. */
export function flowDiagram({ name, plan, steps = [] }: SagaPicture): string {
  const flow = new Flow();
  const nodes = plan.map((node) => flow.add(node));
  const lines = [
    `start(["${mermaidText(name)}"])`,
    ...flow.boxes,
    'completed(["completed"])',
    ...(plan.length === 0 ? [] : ['failed(["failed"])']),
    ...forward(nodes),
    ...flow.handovers,
    ...backward(plan, nodes),
    ...colours(steps, flow),
  ];
  return mermaidLines('flowchart TD', lines);
}

/** A place in the plan as its neighbours see it. */
interface Place {
  readonly entry: string;
  /** Where it leaves when it has succeeded. */
  readonly exits: readonly string[];
  /** Where it leaves when nothing helped. */
  readonly failing: string;
  /** The compensations of its steps. */
  readonly undos: readonly string[];
}

/** Gives each step its boxes, and ids that no name can break. */
class Flow {
  readonly boxes: string[] = [];
  readonly handovers: string[] = [];
  /** The boxes of each step, by its name. */
  readonly ids = new Map<string, { readonly act: string; readonly undo: string | undefined }>();

  add(node: PlanShapeNode): Place {
    if ('step' in node) return this.addStep(node.step, node.kind);
    const [primary, backup] = [this.add(node.fallback[0]), this.add(node.fallback[1])];
    this.handovers.push(`${primary.failing} -. falls back .-> ${backup.entry}`);
    return {
      entry: primary.entry,
      exits: [...primary.exits, ...backup.exits],
      failing: backup.failing,
      undos: [...primary.undos, ...backup.undos],
    };
  }

  private addStep(name: string, kind: string): Place {
    const number = String(this.ids.size + 1);
    const act = `act${number}`;
    const undo = isForwardOnly(kind) ? undefined : `undo${number}`;
    this.ids.set(name, { act, undo });
    const text = mermaidText(name);
    this.boxes.push(act + shape(kind, text));
    if (undo !== undefined) this.boxes.push(`${undo}["compensate ${text}"]`);
    return { entry: act, exits: [act], failing: act, undos: undo === undefined ? [] : [undo] };
  }
}

function isForwardOnly(kind: string): boolean {
  return kind === 'pivot' || kind === 'retriable' || kind === 'readonly';
}

function shape(kind: string, text: string): string {
  switch (kind) {
    case 'pivot':
      return `{{"${text}"}}`;
    case 'retriable':
      return `[["${text}"]]`;
    case 'readonly':
      return `("${text}")`;
    default:
      return `["${text}"]`;
  }
}

function forward(places: readonly Place[]): string[] {
  const lines: string[] = [];
  let from: readonly string[] = ['start'];
  for (const { entry, exits } of places) {
    lines.push(...from.map((id) => `${id} --> ${entry}`));
    from = exits;
  }
  return [...lines, ...from.map((id) => `${id} --> completed`)];
}

/** A failing step leads to the compensations nearest before it; behind the pivot, back to itself. */
function backward(plan: PlanShape, places: readonly Place[]): string[] {
  const lines: string[] = [];
  let undos: readonly string[] = ['failed'];
  let behindPivot = false;
  places.forEach((place, i) => {
    const before = undos;
    const next = behindPivot ? [place.failing] : before;
    lines.push(...next.map((target) => `${place.failing} -. fails .-> ${target}`));
    lines.push(...place.undos.flatMap((undo) => before.map((target) => `${undo} -.-> ${target}`)));
    if (place.undos.length > 0) undos = place.undos;
    const node = plan[i];
    behindPivot ||= node !== undefined && 'step' in node && node.kind === 'pivot';
  });
  return lines;
}

function colours(steps: NonNullable<SagaPicture['steps']>, flow: Flow): string[] {
  const used = new Set<StepState>();
  const classes = steps.flatMap(({ name, state }) => {
    const ids = flow.ids.get(name);
    if (ids === undefined) return [];
    used.add(state);
    return [`class ${boxesOf(ids, state).join(',')} ${state}`];
  });
  return [...[...used].map((state) => `classDef ${state} ${STYLES[state]}`), ...classes];
}

function boxesOf(
  { act, undo }: { readonly act: string; readonly undo: string | undefined },
  state: StepState,
): string[] {
  return undo !== undefined && isOnTheWayBack(state) ? [act, undo] : [act];
}

function isOnTheWayBack(state: StepState): boolean {
  return state === 'compensating' || state === 'compensated' || state === 'compensation-failed' || state === 'skipped';
}
