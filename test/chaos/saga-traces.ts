import type { SagaStorage } from 'nest-saga';
import { EffectLedger, type Effect } from '../crash/effect-ledger.js';
import { applicationRows, sharesTransactions, type ApplicationRow } from '../harness/application-table.js';
import type { StorageLocation } from '../harness/process-storage.js';
import type { SagaEnd } from './verdict.js';

/** What the sagas of a run have left behind them, in the storage and outside. */
export class SagaTraces {
  private constructor(
    private readonly storage: SagaStorage,
    private readonly effects: ReadonlyMap<string, readonly Effect[]>,
    private readonly rows: ReadonlyMap<string, readonly ApplicationRow[]>,
  ) {}

  static async read(
    storage: SagaStorage,
    { ledger, location }: { readonly ledger: string; readonly location: StorageLocation },
  ): Promise<SagaTraces> {
    const rows = sharesTransactions(location) ? await applicationRows(location) : [];
    return new SagaTraces(storage, bySaga(new EffectLedger(ledger).read()), bySaga(rows));
  }

  async of(id: string): Promise<Pick<SagaEnd, 'record' | 'history' | 'effects' | 'rows'>> {
    const loaded = await this.storage.load(id);
    return {
      record: loaded?.record,
      history: await this.storage.history(id),
      effects: this.effects.get(id) ?? [],
      rows: this.rows.get(id) ?? [],
    };
  }
}

function bySaga<T extends { readonly sagaId: string }>(traces: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const trace of traces) {
    const of = found.get(trace.sagaId);
    if (of === undefined) found.set(trace.sagaId, [trace]);
    else of.push(trace);
  }
  return found;
}
