import { describe, expect, it } from '@jest/globals';
import { fallback } from '../../lib/definition/fallback.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { StepState } from '../../lib/definition/step-state.js';
import { toMermaid } from '../../lib/definition/to-mermaid.js';
import type { PlanShape } from '../../lib/storage/saga-record.js';

@SagaStep({ kind: 'readonly' })
class CheckStock {
  act(): void {}
}

@SagaStep()
class ChargeCard {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ name: 'wallet' })
class ChargeWallet {
  act(): void {}
  compensate(): void {}
}

@SagaStep()
class Book {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ kind: 'pivot' })
class Place {
  act(): void {}
}

@SagaStep({ kind: 'retriable' })
class Ship {
  act(): void {}
}

@Saga({ name: 'order', steps: [CheckStock, fallback(ChargeCard, ChargeWallet), Book, Place, Ship] })
class OrderSaga extends SagaDefinition<object> {}

const plan: PlanShape = ['a', 'b', 'c'].map((step) => ({ step, kind: 'compensatable' }));

function picture(a: StepState, b: StepState, c: StepState) {
  return { name: 'order', plan, steps: Object.entries({ a, b, c }).map(([name, state]) => ({ name, state })) };
}

/** A diagram without its indentation, as a list. */
function lines(diagram: string): readonly string[] {
  return diagram
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
}

describe('a flow diagram', () => {
  it('of a definition shows the way forward, the fallback, and the way back', () => {
    expect(toMermaid(OrderSaga)).toBe(`flowchart TD
  start(["order"])
  act1("CheckStock")
  act2["ChargeCard"]
  undo2["compensate ChargeCard"]
  act3["wallet"]
  undo3["compensate wallet"]
  act4["Book"]
  undo4["compensate Book"]
  act5{{"Place"}}
  act6[["Ship"]]
  completed(["completed"])
  failed(["failed"])
  start --> act1
  act1 --> act2
  act2 --> act4
  act3 --> act4
  act4 --> act5
  act5 --> act6
  act6 --> completed
  act2 -. falls back .-> act3
  act1 -. fails .-> failed
  act3 -. fails .-> failed
  undo2 -.-> failed
  undo3 -.-> failed
  act4 -. fails .-> undo2
  act4 -. fails .-> undo3
  undo4 -.-> undo2
  undo4 -.-> undo3
  act5 -. fails .-> undo4
  act6 -. fails .-> act6
`);
  });

  it('of one saga is coloured by the state of its steps', () => {
    expect(lines(toMermaid(picture('compensating', 'compensated', 'failed'))).slice(-6)).toEqual([
      'classDef compensating fill:#fef9c3,stroke:#ca8a04,color:#713f12',
      'classDef compensated fill:#f3e8ff,stroke:#9333ea,color:#581c87',
      'classDef failed fill:#fee2e2,stroke:#dc2626,color:#7f1d1d',
      'class act1,undo1 compensating',
      'class act2,undo2 compensated',
      'class act3 failed',
    ]);
  });

  it('defines each colour once, and only those that it needs', () => {
    const diagram = lines(toMermaid(picture('completed', 'completed', 'pending')));
    expect(diagram.filter((line) => line.startsWith('classDef')).map((line) => line.split(' ')[1])).toEqual([
      'completed',
      'pending',
    ]);
  });

  it('of an empty plan goes from the start to the end', () => {
    expect(lines(toMermaid({ name: 'empty', plan: [] }))).toEqual([
      'flowchart TD',
      'start(["empty"])',
      'completed(["completed"])',
      'start --> completed',
    ]);
  });
});

describe('a sequence diagram', () => {
  it('of a definition shows every way that it can go', () => {
    expect(toMermaid(OrderSaga, { diagram: 'sequence' })).toBe(`sequenceDiagram
  participant saga as order
  participant step1 as CheckStock
  participant step2 as ChargeCard
  participant step3 as wallet
  participant step4 as Book
  participant step5 as Place
  participant step6 as Ship
  saga->>step1: act
  step1-->>saga: completed
  saga->>step2: act
  step2-->>saga: completed
  opt it fails: fallback
    saga->>step3: act
    step3-->>saga: completed
  end
  saga->>step4: act
  step4-->>saga: completed
  saga->>step5: act
  step5-->>saga: completed
  saga->>step6: act
  step6-->>saga: completed
  opt a step fails: those that acted are undone
    saga->>step4: compensate
    step4-->>saga: compensated
    saga->>step3: compensate
    step3-->>saga: compensated
    saga->>step2: compensate
    step2-->>saga: compensated
  end
`);
  });

  it('of one saga shows what has happened, undone last first', () => {
    const diagram = toMermaid(picture('compensating', 'compensated', 'failed'), { diagram: 'sequence' });
    expect(lines(diagram).slice(5)).toEqual([
      'saga->>step1: act',
      'saga->>step2: act',
      'rect rgb(254, 226, 226)',
      'saga->>step3: act',
      'step3--xsaga: failed',
      'end',
      'rect rgb(243, 232, 255)',
      'saga->>step2: compensate',
      'step2-->>saga: compensated',
      'end',
      'rect rgb(254, 249, 195)',
      'saga->>step1: compensate',
      'end',
    ]);
  });

  it.each<[StepState, readonly string[]]>([
    ['pending', []],
    ['running', ['rect rgb(219, 234, 254)', 'saga->>step1: act', 'end']],
    ['completed', ['rect rgb(220, 252, 231)', 'saga->>step1: act', 'step1-->>saga: completed', 'end']],
    ['unknown', ['rect rgb(255, 237, 213)', 'saga->>step1: act', 'Note over saga,step1: outcome unknown', 'end']],
    [
      'compensation-failed',
      ['saga->>step1: act', 'rect rgb(254, 202, 202)', 'saga->>step1: compensate', 'step1--xsaga: failed', 'end'],
    ],
    [
      'skipped',
      ['saga->>step1: act', 'rect rgb(243, 244, 246)', 'Note over saga,step1: resolved by an operator', 'end'],
    ],
  ])('shows a step that is %s', (state, expected) => {
    const diagram = toMermaid(picture(state, 'pending', 'pending'), { diagram: 'sequence' });
    expect(lines(diagram).slice(5)).toEqual(expected);
  });
});

describe('names', () => {
  it.each(['flow', 'sequence'] as const)('break no %s diagram, whatever they contain', (diagram) => {
    const names = [
      '"]; click x "javascript:alert(1)"',
      'end',
      'a --> b',
      '%%{init}%%',
      'two\nlines',
      '#quot;',
      '<b>日本</b>',
    ];
    const text = toMermaid({ name: 'END', plan: names.map((step) => ({ step, kind: 'compensatable' })) }, { diagram });
    const labels = [
      ...text.matchAll(diagram === 'flow' ? /^ {2}act\d\["(.*)"\]$/gm : /^ {2}participant step\d as (.*)$/gm),
    ];
    expect(labels.map(([, label]) => label)).toEqual([
      '#34;#93;#59; click x #34;javascript#58;alert#40;1#41;#34;',
      '#101;nd',
      'a --#62; b',
      '#37;#37;#123;init#125;#37;#37;',
      'two#10;lines',
      '#35;quot#59;',
      '#60;b#62;日本#60;#47;b#62;',
    ]);
    expect(text).toContain('#69;ND');
  });

  it('of steps that the plan does not have are left out', () => {
    const steps = [{ name: 'gone', state: 'completed' as const }];
    expect(toMermaid({ name: 'order', plan, steps })).not.toContain('class');
    expect(toMermaid({ name: 'order', plan, steps }, { diagram: 'sequence' })).not.toContain('act');
  });
});

it('draws no class that is not a saga', () => {
  expect(() => toMermaid(Book)).toThrow('Book is not marked @Saga(), so there is nothing to draw.');
});
