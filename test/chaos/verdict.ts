import type { LogEntry, SagaRecord } from 'nest-saga';
import type { Effect } from '../crash/effect-ledger.js';
import { brokenPromises } from '../crash/ledger-rules.js';
import type { ApplicationRow } from '../harness/application-table.js';
import { definitionsOf, type DefinitionOptions, type Release, type SagaSpec, type StepSpec } from './definitions.js';
import { apart, isOfStep } from './local-rows.js';

/** All that is known of one saga when everything is over. */
export interface SagaEnd {
  readonly id: string;
  readonly saga: number;
  readonly record: SagaRecord | undefined;
  readonly history: readonly LogEntry[];
  readonly effects: readonly Effect[];
  /** What its transactional steps, and who started it in a transaction, have written beside it. */
  readonly rows: readonly ApplicationRow[];
  /** It was started in a transaction of the caller's, and in no other way. */
  readonly startedWithin: boolean;
  /** Two workers were asked to start it. */
  readonly contended: boolean;
  /** What callers of `run()` and `start()` were told. */
  readonly told: readonly string[];
}

/** What can be counted of a saga; the run adds them up. */
export interface Counts {
  acts: number;
  compensations: number;
  /** An effect that was done again because nobody could know whether it had been done. */
  inDoubtRepeats: number;
  /** Acts that landed behind their compensation, and that a tombstone at the other side has to stop. */
  lateActs: number;
  takeovers: number;
  /** Rows of transactional steps, each with its completion. */
  localRows: number;
  money: { taken: number; givenBack: number; kept: number; expected: number };
}

export function noCounts(): Counts {
  const money = { taken: 0, givenBack: 0, kept: 0, expected: 0 };
  return { acts: 0, compensations: 0, inDoubtRepeats: 0, lateActs: 0, takeovers: 0, localRows: 0, money };
}

/** What a caller is told when the saga has turned back. */
const TURNED_BACK = new Set([
  'Refusal',
  'SAGA_NON_RETRYABLE',
  'SAGA_OUTCOME_UNKNOWN',
  'SAGA_CANCELLED',
  'SAGA_DEADLINE',
  'SAGA_STEP_TIMEOUT',
  'SAGA_DEFINITION_CHANGED',
]);

/** Holds the ends of sagas against the promises, and counts. */
export class Verdict {
  readonly counts = noCounts();
  readonly statuses: Record<string, number> = {};
  private readonly specs: ReadonlyMap<string, SagaSpec>;

  constructor(options: DefinitionOptions) {
    const releases: readonly Release[] = [1, 2];
    const all = releases.flatMap((release) => definitionsOf(options, release));
    this.specs = new Map(all.map((spec) => [`${spec.name} ${String(spec.version)}`, spec]));
  }

  /** The promises that this saga shows broken, a sentence each. */
  judge(end: SagaEnd): readonly string[] {
    const { record, history } = end;
    const status = record?.status ?? 'never stored';
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (record === undefined) return neverStored(end);
    const steps = this.stepsOf(record);
    const late = lateActs(end.effects);
    this.count(end, steps, late);
    const skipped = new Set(history.flatMap((entry) => (entry.event === 'skipped' ? [entry.step] : [])));
    const compensatable = steps.filter(({ kind }) => kind === 'compensatable');
    return [
      ...unfinished(record),
      ...brokenPromises({
        status,
        history,
        effects: end.effects.filter((effect) => !late.includes(effect)),
        compensatable: compensatable.map(({ name }) => name),
      }),
      ...late.flatMap((effect) => unexplained(effect, history)),
      ...apart(end, steps),
      ...untrue(end),
      ...notRolledBack(end),
      ...unbalanced(end, skipped),
      ...wrongTrail(end),
    ];
  }

  private stepsOf({ name, definitionVersion }: SagaRecord): readonly StepSpec[] {
    return this.specs.get(`${name} ${String(definitionVersion)}`)?.places.flat() ?? [];
  }

  private count(end: SagaEnd, steps: readonly StepSpec[], late: readonly Effect[]): void {
    const { counts } = this;
    const { id, record, history, effects } = end;
    counts.acts += effects.filter(({ phase }) => phase === 'act').length;
    counts.compensations += effects.filter(({ phase }) => phase === 'compensate').length;
    counts.inDoubtRepeats += effects.length - new Set(effects.map(({ key }) => key)).size;
    counts.lateActs += late.length;
    counts.takeovers += history.filter(({ event }) => event === 'claimed').length;
    counts.localRows += end.rows.filter(isOfStep).length;
    for (const { name } of steps) {
      const [taken, givenBack] = booked(end, name);
      if (taken) counts.money.taken += priceOf(id);
      if (taken && givenBack) counts.money.givenBack += priceOf(id);
      if (taken && !givenBack) counts.money.kept += priceOf(id);
      const hasToStand =
        record?.status === 'COMPLETED'
          ? completedActs(history).has(name) && steps.some((step) => step.name === name && step.kind !== 'readonly')
          : history.some((entry) => entry.event === 'skipped' && entry.step === name) && taken && !givenBack;
      if (hasToStand) counts.money.expected += priceOf(id);
    }
  }
}

/** The price of each of a saga's steps. */
function priceOf(id: string): number {
  return 1 + (Number(id.slice('chaos-'.length)) % 97);
}

/** An account at the other side, which knows keys: once taken, however often; and once given back, for ever. Or the application's own. */
function booked({ effects, rows }: SagaEnd, step: string): readonly [taken: boolean, givenBack: boolean] {
  const of = [...effects, ...rows].filter((one) => one.step === step);
  return [of.some(({ phase }) => phase === 'act'), of.some(({ phase }) => phase === 'compensate')];
}

function completedActs(history: readonly LogEntry[]): ReadonlySet<string> {
  return new Set(
    history.flatMap((entry) =>
      entry.step !== undefined && entry.event === 'completed' && entry.phase === 'act' ? [entry.step] : [],
    ),
  );
}

/** 1, 11: who was told that it started must find it; and nothing is done before anything is stored. */
function neverStored({ effects, rows, told }: SagaEnd): string[] {
  const promised = told.filter((what) => what === 'started' || what === 'completed' || TURNED_BACK.has(what));
  return [
    ...promised.map((what) => `its caller was told ${what}, and it was never stored`),
    ...(effects.length + rows.length > 0 ? ['it was never stored, and has effects'] : []),
  ];
}

function unfinished({ status, heldReason }: SagaRecord): string[] {
  if (status === 'COMPLETED' || status === 'FAILED') return [];
  return [`it is left unfinished: ${status}${heldReason === undefined ? '' : `, ${heldReason.code}`}`];
}

/** Acts that landed behind a compensation of their step. */
function lateActs(effects: readonly Effect[]): readonly Effect[] {
  return effects.filter(
    (effect, i) =>
      effect.phase === 'act' &&
      effects.slice(0, i).some(({ step, phase }) => step === effect.step && phase === 'compensate'),
  );
}

/** Only a worker that was presumed dead, or an act that timed out, may still be under way by then. */
function unexplained({ step, attempt }: Effect, history: readonly LogEntry[]): string[] {
  const started = history.findIndex(
    (entry) => entry.step === step && entry.event === 'started' && entry.phase === 'act' && entry.attempt === attempt,
  );
  const isExplained = history
    .slice(started + 1)
    .some(
      (entry) =>
        entry.event === 'claimed' ||
        (entry.step === step && entry.event === 'failed' && entry.phase === 'act' && entry.outcome === 'unknown'),
    );
  return started >= 0 && isExplained ? [] : [`act ${String(attempt)} of ${step} landed behind its compensation`];
}

/** 11: the caller learns the truth. */
function untrue({ record, told }: SagaEnd): string[] {
  return told.flatMap((what) => {
    if (what === 'completed') return record?.status === 'COMPLETED' ? [] : ['its caller was told that it completed'];
    return TURNED_BACK.has(what) && record?.status === 'COMPLETED'
      ? [`its caller was told ${what}, but it completed`]
      : [];
  });
}

/** Who was told that its transaction was rolled back must not find the saga; of two, the other one may have started it. */
function notRolledBack({ told, contended }: SagaEnd): string[] {
  return told.includes('SAGA_NOT_STARTED') && !contended ? ['its caller was told that it was not started'] : [];
}

/** What stands at the other side is what the log says. */
function unbalanced(end: SagaEnd, skipped: ReadonlySet<string>): string[] {
  const { record, history, effects, rows } = end;
  const completed = completedActs(history);
  const steps = new Set([...effects, ...rows.filter(isOfStep)].map(({ step }) => step));
  return [...steps].flatMap((step) => {
    const [taken, givenBack] = booked(end, step);
    const stands = taken && !givenBack;
    if (record?.status === 'COMPLETED' && stands !== completed.has(step)) {
      return [`it completed, and ${step} ${stands ? 'stands although it is not logged as done' : 'does not stand'}`];
    }
    return record?.status === 'FAILED' && stands && !skipped.has(step) ? [`it failed, and ${step} still stands`] : [];
  });
}

/** 13: the stored context tells what the steps made of it. */
function wrongTrail({ record, history }: SagaEnd): string[] {
  if (record?.status !== 'COMPLETED') return [];
  const { trail } = record.context as { readonly trail: readonly string[] };
  const expected = [...completedActs(history)];
  return trail.join() === expected.join() ? [] : [`its context tells of ${trail.join()}, not of ${expected.join()}`];
}
