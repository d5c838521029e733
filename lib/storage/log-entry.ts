import type { JsonValue } from './json-value.js';
import type { StoredError } from './stored-error.js';

/** The two actions of a step: doing it, and undoing it. */
export type Phase = 'act' | 'compensate';

/** Why a saga turned back. */
export type TurnReason = 'step-failed' | 'cancelled' | 'deadline' | 'definition-changed';

/** Why a saga is parked: it keeps its status, and nobody claims it until the reason is gone or an operator asks. */
export type HeldCode =
  'definition-changed' | 'handler-missing' | 'unreadable' | 'unstorable-result' | 'attempts-exhausted';

/** Why a saga is parked: a stable code, and a sentence that says what to do. */
export interface HeldReason {
  /** What can be searched for: `find({ held: code })`. */
  readonly code: HeldCode;
  /** For people; its wording may change. */
  readonly message: string;
}

/** Parked until code comes that has the saga's plan: that one can go on with it. */
export function lacksCode({ code }: HeldReason): boolean {
  return code === 'definition-changed' || code === 'handler-missing';
}

/** A phase of a step is about to begin. Durable before the handler is called; each attempt has its own. */
export interface StepStarted {
  readonly event: 'started';
  /** The step's name in the plan; of a `fallback`, that of the part which ran. */
  readonly step: string;
  /** Which of its two actions. */
  readonly phase: Phase;
  /** Counts every attempt of this step's phase, interrupted ones too; the first is 1. */
  readonly attempt: number;
  /** It runs in a transaction that only its `completed` commits: without that it did not happen, once another row is in. */
  readonly transactional?: true;
}

/** A phase of a step has returned. */
export interface StepCompleted {
  readonly event: 'completed';
  /** The step's name in the plan; of a `fallback`, that of the part which ran. */
  readonly step: string;
  /** Which of its two actions: after `compensate` it is undone. */
  readonly phase: Phase;
  /** The one that `started` announced. */
  readonly attempt: number;
  /** What `act` returned, as the serializer made it; absent when it returned nothing. */
  readonly result?: JsonValue;
}

/** An attempt has not succeeded. */
export interface StepFailed {
  readonly event: 'failed';
  /** The step's name in the plan; of a `fallback`, that of the part which ran. */
  readonly step: string;
  /** Which of its two actions. */
  readonly phase: Phase;
  /** The one that `started` announced. */
  readonly attempt: number;
  /** `failed`: it threw, so it did not happen. `unknown`: nobody can tell whether it happened. */
  readonly outcome: 'failed' | 'unknown';
  /** What it threw, or why it was given up; with its stack. */
  readonly error: StoredError;
  /** Milliseconds, from this entry's time on, until the next attempt is due; absent when there is no further attempt. */
  readonly retryIn?: number;
  /** The part of a `fallback` that failed hands over to its backup. */
  readonly handover?: true;
}

/** A running handler made its context durable with `execution.save()`. */
export interface StepSaved {
  readonly event: 'saved';
  /** The step's name in the plan; of a `fallback`, that of the part which ran. */
  readonly step: string;
  /** Which of its two actions. */
  readonly phase: Phase;
  /** The one that called it. */
  readonly attempt: number;
}

/** An operator has resolved a step: it needs no compensation any more. */
export interface StepSkipped {
  readonly event: 'skipped';
  /** The step that was resolved. */
  readonly step: string;
  /** Only what should have been undone is resolved. */
  readonly phase: 'compensate';
  /** The id of the {@link OperatorRequest} that this answers. */
  readonly request: string;
  /** What was done about it outside, as the operator gave it. */
  readonly reason: string;
  /** Who asked, as the operator gave it; absent where nobody was named. */
  readonly by?: string;
}

/** What can be logged of a step. */
export type StepEntry = StepStarted | StepCompleted | StepFailed | StepSaved | StepSkipped;

/** The first entry of each saga. */
export interface SagaCreated {
  readonly event: 'created';
  /** Milliseconds, from this entry's time on, until the saga turns back if it has not passed its pivot. */
  readonly deadline?: number;
}

/** The point of no return: from here on only compensations run. Also opens each further round of compensation. */
export interface SagaCompensating {
  readonly event: 'compensating';
  /** Why it turned back: the same in every round. */
  readonly reason: TurnReason;
  /** 1 when the saga turns; each retry of failed compensations opens the next. */
  readonly round: number;
}

/** The last step has completed; the saga is final. */
export interface SagaCompleted {
  readonly event: 'completed';
  /** None: it is of the saga as a whole. */
  readonly step?: undefined;
}

/** Everything that had to be undone is undone. */
export interface SagaFailed {
  readonly event: 'failed';
  /** None: it is of the saga as a whole. */
  readonly step?: undefined;
  /** Why it turned back, where there was nothing to undo and so no `compensating` entry says it. */
  readonly reason?: TurnReason;
}

/** A compensation used up its attempts. */
export interface SagaCompensationFailed {
  readonly event: 'compensation-failed';
  /** Milliseconds, from this entry's time on, until recovery tries another round. */
  readonly retryIn: number;
}

/** A worker took the saga over. Written by the storage itself, within the claim. */
export interface SagaClaimed {
  readonly event: 'claimed';
  /** Somebody asked for this saga by its id: parked or not, due or not. It starts the counting of attempts anew. */
  readonly asked?: true;
}

/** The saga is parked. */
export interface SagaHeld {
  readonly event: 'held';
  /** Why, and what to do. */
  readonly held: HeldReason;
}

/** An operator's cancel has been accepted. */
export interface SagaCancelled {
  readonly event: 'cancelled';
  /** The id of the {@link OperatorRequest} that this answers. */
  readonly request: string;
  /** As the operator gave it; absent where none was. */
  readonly reason?: string;
  /** Who asked, as the operator gave it; absent where nobody was named. */
  readonly by?: string;
}

/** An operator asked for another round of compensation. */
export interface SagaRetried {
  readonly event: 'retried';
  /** The id of the {@link OperatorRequest} that this answers. */
  readonly request: string;
  /** Who asked, as the operator gave it; absent where nobody was named. */
  readonly by?: string;
}

/** An operator's request came too late or does not fit; `why` says so in a sentence. */
export interface SagaRequestRefused {
  readonly event: 'refused';
  /** The id of the {@link OperatorRequest} that this answers. */
  readonly request: string;
  /** A sentence, for whoever asked. */
  readonly why: string;
}

/** What can be logged of a saga as a whole. */
export type SagaEntry = {
  /** None: it is of the saga as a whole. */
  readonly step?: undefined;
} & (
  | SagaCreated
  | SagaCompensating
  | SagaCompleted
  | SagaFailed
  | SagaCompensationFailed
  | SagaClaimed
  | SagaHeld
  | SagaCancelled
  | SagaRetried
  | SagaRequestRefused
);

/** An entry as the engine decides it: without what only the write itself knows. */
export type EntryDraft = StepEntry | SagaEntry;

/** An entry of a saga's append-only history. The state of a saga is the fold of these, and of nothing else. */
export type LogEntry = EntryDraft & {
  /** 1, 2, 3 … within the saga, without gaps. */
  readonly seq: number;
  /** The storage's clock. All entries of one write share it. */
  readonly at: Date;
  /** The worker that wrote it. */
  readonly worker?: string;
};
