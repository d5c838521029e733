import type { FallbackNode, SagaNode } from './fallback.js';
import type { StepClass } from './step-handler.js';

/** The steps of `nodes`, in order; of a fallback the primary's first. */
export function stepClasses(nodes: readonly SagaNode<never>[]): readonly StepClass<never>[] {
  return nodes.flatMap((node) => (typeof node === 'function' ? [node] : stepClasses([node.primary, node.backup])));
}

/** For each step that is the primary of a fallback, or stands last in one, the nearest fallback around it. */
export function fallbacksByPrimary(
  nodes: readonly SagaNode<never>[],
): ReadonlyMap<StepClass<never>, FallbackNode<never>> {
  const found = new Map<StepClass<never>, FallbackNode<never>>();
  const visit = (node: SagaNode<never>, around: FallbackNode<never> | undefined): void => {
    if (typeof node === 'function') {
      if (around !== undefined) found.set(node, around);
      return;
    }
    visit(node.primary, node);
    visit(node.backup, around);
  };
  for (const node of nodes) visit(node, undefined);
  return found;
}
