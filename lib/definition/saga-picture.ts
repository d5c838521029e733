import type { PlanShape } from '../storage/saga-record.js';
import type { StepState } from './step-state.js';

/** One saga as a diagram shows it: its definition's name, its stored plan, and where each step stands. */
export interface SagaPicture {
  /** The definition's, which the diagram has as its title. */
  readonly name: string;
  /** What is drawn. */
  readonly plan: PlanShape;
  /** Absent for a definition, of which nothing has run. */
  readonly steps?: readonly {
    /** As in the plan. */
    readonly name: string;
    /** Decides the colour. */
    readonly state: StepState;
  }[];
}
