import { sagaName, sagaOptionsOf } from './definition-metadata.js';
import { flowDiagram } from './mermaid-flow.js';
import { sequenceDiagram } from './mermaid-sequence.js';
import { buildPlan } from './plan-builder.js';
import { planShape } from './plan-shape.js';
import type { AnySagaClass } from './saga-definition.js';
import type { SagaPicture } from './saga-picture.js';

/** How {@link toMermaid} draws. */
export interface MermaidOptions {
  /** `'flow'`: what follows what, going forward and back. `'sequence'`: who is called when. Default: `'flow'`. */
  readonly diagram?: 'flow' | 'sequence';
}

/**
 * A Mermaid diagram of a saga definition, or of one saga coloured by the state of its steps. The text can be pasted into
 * Markdown as it is; names are escaped.
 *
 * ```ts
 * toMermaid(OrderSaga, { diagram: 'sequence' });
 * toMermaid(await handle.record());
 * ```
 */
export function toMermaid(saga: AnySagaClass | SagaPicture, { diagram = 'flow' }: MermaidOptions = {}): string {
  const picture = typeof saga === 'function' ? pictureOf(saga) : saga;
  switch (diagram) {
    case 'flow':
      return flowDiagram(picture);
    case 'sequence':
      return sequenceDiagram(picture);
  }
}

function pictureOf(saga: AnySagaClass): SagaPicture {
  const options = sagaOptionsOf(saga);
  if (options === undefined) throw new TypeError(`${saga.name} is not marked @Saga(), so there is nothing to draw.`);
  return { name: sagaName(saga), plan: planShape(buildPlan(options).nodes) };
}
