import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknownError,
  RequestRefusedError,
  SagaInterruptedError,
  SagaNotFoundError,
  isFinal,
} from '../../lib/index.js';
import type { StepExecution } from '../../lib/index.js';
import { saga } from './application.js';
import { refuse } from './behaviours.js';
import { PROCESSES, SAGAS, journeys, type Command, type Journey, type Outcome } from './journeys.js';
import { brokenPromises } from './log-rules.js';
import { onEachStorage, type Process, type World } from './world.js';

const STEPS = ['a', 'b', 'c'];

const OPTIONS = {
  recovery: { interval: 10, maxAttempts: 100 },
  lease: { duration: 60_000 },
  shutdown: { gracePeriod: 1 },
  compensation: { retryDelay: 1, onExhausted: 'halt' },
} as const;

/** Three processes, and the sagas of one journey after the other. */
class Travels {
  readonly processes: Process[] = [];
  /** Each attempt that was made, by saga: `a/act/1`. */
  readonly attempts = new Map<string, string[]>();
  readonly surprises: unknown[] = [];
  private readonly outcomes = new Map<string, Journey['outcomes'][number]>();
  private readonly S = saga(
    'S',
    STEPS.map((name, i) => this.step(name, i)),
  );
  private journey = 0;

  constructor(private readonly world: World) {}

  async begin(): Promise<void> {
    while (this.processes.length < PROCESSES) this.processes.push(await this.world.start([this.S], OPTIONS));
  }

  /** Lets a journey happen and its sagas come to their end; returns the ids of those that were started. */
  async travel({ outcomes, commands }: Journey): Promise<string[]> {
    this.journey++;
    outcomes.forEach((of, i) => this.outcomes.set(this.id(i), of));
    for (const command of commands) await this.obey(command);
    const started: string[] = [];
    for (let i = 0; i < SAGAS; i++) if (await this.arrive(this.id(i))) started.push(this.id(i));
    return started;
  }

  private id(number: number): string {
    return `journey ${this.journey}, saga ${number}`;
  }

  private step(name: string, index: number) {
    const behave = async (execution: StepExecution): Promise<void> => {
      const { sagaId, phase, attempt } = execution;
      const made = this.attempts.get(sagaId) ?? [];
      this.attempts.set(sagaId, [...made, `${name}/${phase}/${attempt}`]);
      await perform(this.outcomes.get(sagaId)?.[index]?.[phase][attempt - 1] ?? 'ok');
    };
    return this.world.step(name, {
      act: (_, execution) => behave(execution),
      compensate: (_, __, execution) => behave(execution),
    });
  }

  private async obey(command: Command): Promise<void> {
    if (command.does === 'wait') {
      for (let turn = 0; turn < command.turns; turn++) await setImmediate();
      return;
    }
    const process = this.processes[command.on]!;
    const { runner, line } = process;
    switch (command.does) {
      case 'start':
        return this.expectedly(runner.run(this.S, {}, { id: this.id(command.saga) }));
      case 'cancel':
        return this.expectedly(runner.get(this.id(command.saga)).then((handle) => handle.cancel()));
      case 'recover':
        return this.expectedly(runner.recover(this.id(command.saga)));
      case 'recoverAll':
        return this.expectedly(runner.recoverAll());
      case 'lose':
        return line.loseOnly(line.writes + 1, command.side);
      case 'loseClaim':
        return line.loseClaim();
      case 'crash':
        await process.die();
        this.processes[command.on] = await this.world.start([this.S], OPTIONS);
    }
  }

  /** Goes on in the background. What its caller learns has to be one of what callers are told. */
  private expectedly(call: Promise<unknown>): void {
    call.catch((error: unknown) => {
      const isExpected =
        error instanceof SagaInterruptedError ||
        error instanceof RequestRefusedError ||
        error instanceof SagaNotFoundError ||
        ['refused', 'nobody knows'].includes((error as Error).message) ||
        ['SAGA_CANCELLED', 'ECONNRESET'].includes((error as { code?: string }).code ?? '');
      if (!isExpected) this.surprises.push(error);
    });
  }

  private async arrive(id: string): Promise<boolean> {
    for (;;) {
      const status = (await this.world.storage.load(id))?.record.status;
      if (status === undefined || isFinal(status)) return status !== undefined;
      this.expectedly(this.processes[0]!.runner.recover(id));
      await setImmediate();
    }
  }
}

async function perform(outcome: Outcome): Promise<void> {
  switch (outcome) {
    case 'ok':
      return;
    case 'slow':
      for (let turn = 0; turn < 5; turn++) await setImmediate();
      return;
    case 'throws':
      return refuse();
    case 'unknown':
      throw new OutcomeUnknownError('nobody knows');
  }
}

describe('three processes that start, cancel, recover, crash and lose writes as they like', () => {
  onEachStorage((world) => {
    it('keep the promises', async () => {
      const travels = new Travels(world);
      await travels.begin();
      const statuses: Record<string, number> = {};
      await fc.assert(
        fc.asyncProperty(journeys, async (journey) => {
          for (const id of await travels.travel(journey)) {
            const log = await world.storage.history(id);
            expect(brokenPromises(STEPS, log)).toEqual([]);
            const attempts = travels.attempts.get(id) ?? [];
            expect(attempts).toEqual([...new Set(attempts)]);
            const started = log.flatMap((entry) =>
              entry.event === 'started' ? [`${entry.step}/${entry.phase}/${entry.attempt}`] : [],
            );
            expect(started).toEqual(expect.arrayContaining(attempts));
            const status = log.at(-1)!.event;
            statuses[status] = (statuses[status] ?? 0) + 1;
          }
          expect(travels.surprises).toEqual([]);
        }),
        { numRuns: 150 },
      );
      expect(Object.keys(statuses).toSorted()).toEqual(['completed', 'failed']);
    }, 60_000);
  });
});
