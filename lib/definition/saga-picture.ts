import type { PlanShape } from '../storage/saga-record.js';
import type { StepState } from './step-state.js';

/** One saga as a diagram shows it: its definition's name, its stored plan, and where each step stands. */
export interface SagaPicture {
  readonly name: string;
  readonly plan: PlanShape;
  /** Absent for a definition, of which nothing has run. */
  readonly steps?: readonly { readonly name: string; readonly state: StepState }[];
}
