import { answeredRequests } from '../answered-requests.js';
import type { EntryDraft } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';

/** Operators' requests that nobody has answered yet, oldest first, by saga. Requests are copied in and never changed. */
export class OpenRequests {
  private readonly bySaga = new Map<string, OperatorRequest[]>();

  /** The same id again changes nothing: the caller only lost our first answer. */
  add(request: OperatorRequest): void {
    const open = this.bySaga.get(request.sagaId);
    if (open === undefined) this.bySaga.set(request.sagaId, [{ ...request }]);
    else if (!open.some(({ id }) => id === request.id)) open.push({ ...request });
  }

  has(sagaId: string): boolean {
    return this.bySaga.has(sagaId);
  }

  sagaIds(): string[] {
    return [...this.bySaga.keys()];
  }

  of(sagaId: string): OperatorRequest[] {
    return (this.bySaga.get(sagaId) ?? []).map((request) => ({ ...request }));
  }

  /** What a writer that knows only these still has to read. */
  unknownTo(sagaId: string, known: readonly string[]): OperatorRequest[] {
    return this.has(sagaId) ? this.of(sagaId).filter(({ id }) => !known.includes(id)) : [];
  }

  /** Forgets the requests that these entries answer. */
  answer(sagaId: string, entries: readonly EntryDraft[]): void {
    const open = this.bySaga.get(sagaId);
    if (open === undefined) return;
    const answered = answeredRequests(entries);
    const left = open.filter(({ id }) => !answered.includes(id));
    if (left.length > 0) this.bySaga.set(sagaId, left);
    else this.bySaga.delete(sagaId);
  }

  forget(sagaId: string): void {
    this.bySaga.delete(sagaId);
  }
}
