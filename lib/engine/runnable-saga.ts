import type { SerializationInfo } from '../context/saga-serializer.js';
import { planFromShape } from '../definition/plan-shape.js';
import type { Plan } from '../definition/plan.js';
import type { RegisteredSaga } from '../discovery/registered-saga.js';
import type { SagaRecord } from '../storage/saga-record.js';

/** A saga together with the code that can run it. */
export interface RunnableSaga {
  readonly id: string;
  readonly name: string;
  readonly registered: RegisteredSaga;
  /** The code's plan; or the one it was created with, where the code has changed since. */
  readonly plan: Plan;
  readonly definition: 'current' | 'changed';
}

export function newSaga(id: string, registered: RegisteredSaga): RunnableSaga {
  return { id, name: registered.name, registered, plan: registered.plan, definition: 'current' };
}

export function storedSaga({ id, name, plan, planHash }: SagaRecord, registered: RegisteredSaga): RunnableSaga {
  if (planHash === registered.hash) return newSaga(id, registered);
  return { id, name, registered, plan: planFromShape(plan, registered.plan), definition: 'changed' };
}

/** Whose values are serialized, for errors, codecs and the right class. */
export function serializationInfoOf({ id, name, registered }: RunnableSaga, step?: string): SerializationInfo {
  return { saga: name, sagaId: id, step, contextType: registered.contextType };
}
