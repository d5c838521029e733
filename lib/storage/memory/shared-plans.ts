import type { PlanShape } from '../saga-record.js';

/** One copy of each plan, however many sagas have it: sagas are many, and their plans as few as their definitions. */
export class SharedPlans {
  private readonly byText = new Map<string, PlanShape>();

  /** A plan that says the same, and that nobody outside has. */
  of(plan: PlanShape): PlanShape {
    const text = JSON.stringify(plan);
    let copy = this.byText.get(text);
    if (copy === undefined) {
      copy = JSON.parse(text) as PlanShape;
      this.byText.set(text, copy);
    }
    return copy;
  }
}
