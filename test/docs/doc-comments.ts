import { readdirSync, readFileSync } from 'node:fs';
import type { DocModule } from './markdown.js';

const LIB = new URL('../../lib/', import.meta.url);

/** Where the names come from that an example uses and does not declare. Types are marked as such, as imports have to. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '@nestjs/common': ['Body', 'Controller', 'Headers', 'Module', 'Param', 'Post', 'Query', 'Sse'],
  'nest-saga': [
    'Execution',
    'InMemorySagaStorage',
    'JsonSagaSerializer',
    'NonRetryableError',
    'OutcomeUnknownError',
    'Saga',
    'SagaContext',
    'SagaDefinition',
    'SagaExecutionContext',
    'SagaModule',
    'SagaRunner',
    'SagaStep',
    'fallback',
    'sagaMessages',
    'toMermaid',
    'toMessageEvent',
    'type SagaStepHandler',
    'type StepExecution',
  ],
  'nest-saga/sqlite': ['SqliteSagaStorage'],
  'nest-saga/postgres': ['PostgresSagaStorage'],
  'nest-saga/mysql': ['MysqlSagaStorage'],
  'nest-saga/redis': ['RedisSagaStorage'],
  '../order-example.js': [
    'ChargeCard',
    'ChargePayment',
    'ChargeWallet',
    'OrderContext',
    'OrderIsOpen',
    'OrderSaga',
    'ReserveInventory',
    'ShipOrder',
    'breaker',
    'context',
    'error',
    'handle',
    'storage',
    'type Payment',
  ],
};

/** The examples in doc comments of the library, each as a module: with its imports, and members within a class. */
export function modulesOfDocComments(): readonly DocModule[] {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.flatMap((file) => examplesOf(`lib/${file}`, readFileSync(new URL(file, LIB), 'utf8')));
}

function examplesOf(page: string, text: string): readonly DocModule[] {
  return Array.from(text.matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms), ({ index, 1: commented = '' }) => {
    const example = commented.replace(/^ *\* ?/gm, '').trimEnd();
    const [before, after] = isMembers(example) ? [CLASS, '\n}'] : ['', ''];
    // One line stands above the example, as "```ts" does in the comment, so that places in it can be told.
    const code = `${importsFor(before + example).join(' ')} ${before}\n${example}${after}`;
    const line = text.slice(0, index).split('\n').length;
    return { page, code, blocks: [{ page, line, language: 'ts', code, marks: [] }] };
  });
}

const CLASS = 'class Example { constructor(private readonly sagas: SagaRunner) {}';

function isMembers(code: string): boolean {
  return /^(@Sse|async act|act)\b/.test(code);
}

function importsFor(code: string): readonly string[] {
  const isUsed = (name: string): boolean => {
    const word = name.replace('type ', '');
    return new RegExp(`\\b${word}\\b`).test(code) && !new RegExp(`\\b(class|const) ${word}\\b`).test(code);
  };
  return Object.entries(NAMES).flatMap(([module, names]) => {
    const used = names.filter(isUsed);
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${module}';`];
  });
}
