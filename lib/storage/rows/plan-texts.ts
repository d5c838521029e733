import type { NewSaga } from '../saga-changes.js';
import type { PlanShape } from '../saga-record.js';
import { jsonText } from './json-text.js';

/** Plans as JSON texts. A definition has one plan for all of its sagas, which never changes: its text is made once, not for every saga. */
export class PlanTexts {
  private readonly texts = new WeakMap<PlanShape, string>();

  /** @throws StorageRejectedError */
  of({ plan, id: sagaId }: Pick<NewSaga, 'plan' | 'id'>): string {
    let text = this.texts.get(plan);
    if (text === undefined) {
      text = jsonText(plan, { sagaId, what: 'plan' });
      this.texts.set(plan, text);
    }
    return text;
  }
}
