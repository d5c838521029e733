import type { ContextType } from '../context/context-type.js';
import type { Plan } from '../definition/plan.js';
import type { AnySagaClass } from '../definition/saga-definition.js';
import type { PlanShape } from '../storage/saga-record.js';
import type { ProviderWrapper, RegisteredStep } from './registered-step.js';

/** A saga definition of this application, with everything that was looked up once at bootstrap. */
export interface RegisteredSaga {
  readonly name: string;
  readonly version: number;
  readonly definition: AnySagaClass;
  /** The provider of the definition, whose enhancers run around each of its steps. */
  readonly wrapper: ProviderWrapper;
  /** A class or a Standard Schema; absent: contexts are plain objects. */
  readonly contextType?: ContextType;
  readonly plan: Plan;
  /** What is stored with each saga of it, and compared with on the way back. */
  readonly shape: PlanShape;
  /** Identifies {@link shape}; claims are filtered by it. */
  readonly hash: string;
  readonly steps: ReadonlyMap<string, RegisteredStep>;
  /** Whether the code has no compensation for a step of this name. */
  readonly isMissing: (step: string) => boolean;
}
