import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { libRules, pureFiles } from '../../scripts/lint/lib-rules.js';

const linter = new Linter({ configType: 'flat' });

/** What the rules of lib/ say to these lines, were they in this file. */
function complaints(file: string, code: string): string {
  const config = [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser as Linter.Parser } }, ...libRules];
  const messages = linter.verify(code, config, { filename: file });
  return messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`).join('\n');
}

describe('import directions', () => {
  it.each([
    ['lib/engine/recovery.ts', '../storage/sqlite/sqlite-saga-storage.js', 'it sees the port and no adapter'],
    ['lib/engine/recovery.ts', '../storage/memory/in-memory-saga-storage.js', 'it sees the port and no adapter'],
    ['lib/engine/recovery.ts', '../storage/sql/statement.js', 'it sees the port and no adapter'],
    ['lib/engine/recovery.ts', '@nestjs/core', 'behind step-invoker and saga-explorer'],
    ['lib/engine/recovery.ts', '../saga.module.js', 'Nothing imports the module'],
    ['lib/engine/recovery.ts', '../index.js', 'Nothing imports the index'],
    ['lib/engine/rules/next-move.ts', '../saga-journal.js', 'they know nobody who acts by them'],
    ['lib/engine/step-invoker.ts', '../storage/memory/in-memory-saga-storage.js', 'knows no storage'],
    ['lib/discovery/saga-registry.ts', '../engine/saga-runner.js', 'neither could be understood alone'],
    ['lib/discovery/saga-registry.ts', '@nestjs/core', 'neither could be understood alone'],
    ['lib/discovery/saga-explorer.ts', '../engine/saga-runner.js', 'what runs later comes after it'],
    ['lib/enhancers/saga-context.ts', '../engine/saga-runner.js', 'not the machine that runs it'],
    ['lib/storage/saga-storage.ts', '../definition/plan.js', 'knows no definition'],
    ['lib/storage/saga-storage.ts', './memory/in-memory-saga-storage.js', 'knows no definition'],
    ['lib/storage/sql/statement.ts', '../sqlite/sqlite-saga-storage.js', 'it knows none of them'],
    ['lib/storage/rows/saga-rows.ts', '../redis/redis-saga-storage.js', 'it knows none of them'],
    [
      'lib/storage/sqlite/sqlite-saga-storage.ts',
      '../../engine/saga-state.js',
      'promises of the port and of nothing else',
    ],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', '../memory/in-memory-saga-storage.js', 'or another adapter'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', 'libsql', 'the application brings its own'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', 'node:sqlite', 'brings the SQLite driver'],
    ['lib/definition/saga.ts', '../engine/saga-runner.js', 'with nothing running'],
    ['lib/definition/saga.ts', '../discovery/saga-registry.js', 'with nothing running'],
    ['lib/definition/saga.ts', '@nestjs/core', 'with nothing running'],
    ['lib/context/serializer.ts', '../engine/saga-runner.js', 'nothing to do with who runs the saga'],
    ['lib/context/serializer.ts', '../discovery/saga-registry.js', 'nothing to do with who runs the saga'],
    ['lib/context/serializer.ts', 'class-transformer', 'load it with import()'],
    ['lib/events/saga-event.ts', '../engine/saga-runner.js', 'could break a saga'],
    ['lib/events/saga-event.ts', '../discovery/saga-registry.js', 'could break a saga'],
    ['lib/errors/saga-error.ts', '../engine/saga-runner.js', 'only if it needs nothing'],
    ['lib/errors/saga-error.ts', '../discovery/saga-registry.js', 'only if it needs nothing'],
    ['lib/saga.module-definition.ts', './saga.module.js', 'Nothing imports the module'],
    ['lib/engine/recovery.ts', '../saga-core.module.js', 'Nothing imports the module'],
    ['lib/engine/saga-runner.ts', '../saga-module-options.js', "Nothing imports the module's options"],
    ['lib/saga.module.ts', './index.js', 'Nothing imports the index'],
    ['lib/saga.module.ts', '@nestjs/common/internal', "Nest's own"],
    ['lib/saga.module.ts', 'nest-saga', 'a cycle of everything'],
    ['lib/saga.module.ts', '../test/harness/memory.js', 'leaves lib/'],
    ['lib/helpers/things.ts', 'rxjs', 'in no area'],
  ])('%s may not import %s', (file, specifier, reason) => {
    expect(complaints(file, `import { x } from '${specifier}'; x();`)).toContain(reason);
    expect(complaints(file, `export * from '${specifier}';`)).toContain(reason);
    expect(complaints(file, `export { x } from '${specifier}';`)).toContain(reason);
  });

  it('sees type imports and lazy imports', () => {
    const file = 'lib/definition/saga.ts';
    expect(complaints(file, `import type { R } from '../engine/saga-runner.js'; export type X = R;`)).not.toBe('');
    expect(complaints(file, `export type X = import('../engine/saga-runner.js').R;`)).not.toBe('');
    expect(complaints(file, `export const x = () => import('../engine/saga-runner.js');`)).not.toBe('');
  });

  it.each([
    ['lib/index.ts', './engine/saga-runner.js'],
    ['lib/index.ts', './saga.module.js'],
    ['lib/saga.module.ts', './saga-module-options.js'],
    ['lib/saga.module.ts', './saga-core.module.js'],
    ['lib/saga-module-options.ts', './engine/engine-options.js'],
    ['lib/saga.module.ts', './engine/saga-runner.js'],
    ['lib/saga.module.ts', '@nestjs/core'],
    ['lib/engine/recovery.ts', './saga-execution.js'],
    ['lib/engine/recovery.ts', './step-invoker.js'],
    ['lib/engine/recovery.ts', '../definition/plan.js'],
    ['lib/engine/recovery.ts', '../discovery/saga-registry.js'],
    ['lib/engine/recovery.ts', '../storage/saga-storage.js'],
    ['lib/engine/recovery.ts', '../events/saga-event.js'],
    ['lib/engine/recovery.ts', '../errors/saga-error.js'],
    ['lib/engine/recovery.ts', 'rxjs'],
    ['lib/engine/worker-lease.ts', 'node:os'],
    ['lib/engine/step-invoker.ts', '@nestjs/core'],
    ['lib/engine/step-invoker.ts', '@nestjs/core/helpers/execution-context-host.js'],
    ['lib/discovery/saga-explorer.ts', '@nestjs/core'],
    ['lib/enhancers/saga-execution-context.ts', '@nestjs/core'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', '../saga-storage.js'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', '../sql/statement.js'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', '../rows/saga-rows.js'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', './migrations.js'],
    ['lib/storage/sqlite/sqlite-saga-storage.ts', '../../errors/saga-error.js'],
  ])('%s may import %s', (file, specifier) => {
    expect(complaints(file, `import { x } from '${specifier}'; x();`)).toBe('');
  });

  it('lets optional peers be loaded when they are needed', () => {
    const file = 'lib/context/class-context.ts';
    expect(complaints(file, `export const load = () => import('class-validator');`)).toBe('');
    expect(complaints(file, `import type { Validator } from 'class-validator'; export type V = Validator;`)).toBe('');
  });
});

describe('what lib/ leaves to the application', () => {
  it.each([
    [`console.log('x');`, 'no-console'],
    [`export const x = process.env.X;`, 'settings come in through forRoot()'],
    [`process.exit(1);`, 'a library throws'],
    [`process.on('SIGTERM', () => {});`, "Nest's lifecycle hooks"],
    [`import { env } from 'node:process'; export const x = env.X;`, 'settings come in through forRoot()'],
    [`export class X { static running = 0; }`, 'two SagaModules in one process'],
    [`export let running = 0;`, 'two SagaModules in one process'],
    [`let running = 0; export const next = () => ++running;`, 'two SagaModules in one process'],
    [`const sagas = new Map<string, string>(); export const find = (id: string) => sagas.get(id);`, 'two SagaModules'],
    [`export const act = (step: { act(): void }) => step.act.bind(step);`, 'Decorators are lost'],
  ])('refuses %s', (code, reason) => {
    expect(complaints('lib/engine/saga-runner.ts', code)).toContain(reason);
    expect(complaints('sample/01-order-fulfilment/src/main.ts', code)).toBe('');
  });
});

describe('pure files', () => {
  it.each([
    [`export const now = () => Date.now();`],
    [`export const now = () => performance.now();`],
    [`export const chance = () => Math.random();`],
    [`export const later = (f: () => void) => setTimeout(f, 1);`],
    [`export const id = () => crypto.randomUUID();`],
    [`import { readFileSync } from 'node:fs'; export const text = readFileSync('x');`],
    [`import { Logger } from '@nestjs/common'; export const logger = new Logger();`],
  ])('refuse %s', (code) => {
    for (const file of pureFiles) {
      expect(complaints(file, code)).toContain('This file is pure');
    }
    expect(complaints('lib/engine/saga-execution.ts', code)).toBe('');
  });

  it.each(pureFiles)('%s is there, so that the rule still meets something', (file) => {
    expect(existsSync(file.replace('*', 'next-move'))).toBe(true);
  });
});
