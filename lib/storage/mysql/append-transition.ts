import type { SagaTransition } from '../saga-changes.js';
import { answeredRequests } from '../answered-requests.js';
import { changeHead } from './change-head.js';
import type { SagaAppend } from './saga-write.js';
import { storableRow } from './storable-row.js';

/** The next row of a saga's log, and what it changes in the head. */
export function appendTransition(transition: SagaTransition): SagaAppend {
  return {
    kind: 'append',
    row: storableRow(transition, transition),
    change: changeHead(transition),
    known: [...transition.knownRequests],
    answered: answeredRequests(transition.entries),
  };
}
