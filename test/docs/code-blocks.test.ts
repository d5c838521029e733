import { describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { modulesOfDocComments } from './doc-comments.js';
import { modulesOf, placeOf, readPages, type DocModule } from './markdown.js';
import { run } from './run-module.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const modules = readPages().flatMap(modulesOf);
const examples = modulesOfDocComments();

describe('every code block of README, guides and doc comments', () => {
  test('compiles, in one program against the sources of the package', () => {
    expect(modules.length).toBeGreaterThan(20);
    expect(examples.length).toBeGreaterThan(10);
    expect(mistakesIn([...modules, ...examples])).toEqual([]);
  }, 60_000);

  test('of the README shows the whole of it in 20 lines', () => {
    const example = modules.find(({ page, prints }) => page === 'README.md' && prints !== undefined);
    const lines = example?.code.split('\n').filter((line) => line.trim() !== '') ?? [];
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(20);
    // Nor is it made to fit by lines that nobody can read.
    expect(lines.filter((line) => line.length > 140)).toEqual([]);
  });

  test.each(
    modules.filter(({ prints }) => prints !== undefined).map((module) => [placeOf(module, 0), module] as const),
  )(
    'prints what it says: %s',
    async (_place, module) => {
      expect((await run(module)).trimEnd()).toBe(module.prints);
    },
    30_000,
  );
});

/** What the compiler says of these modules, each message with its place in the Markdown. They exist in memory only. */
function mistakesIn(all: readonly DocModule[]): readonly string[] {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const byName = new Map(all.map((module, i) => [`${ROOT}test/docs/in-memory/${i}.ts`, module]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => byName.has(name) || fileExists(name);
  host.readFile = (name) => textOf(byName.get(name)) ?? readFile(name);
  host.getSourceFile = (name, target, ...rest) => {
    const text = textOf(byName.get(name));
    return text === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...byName.keys(), `${ROOT}test/docs/nestjs-cqrs.d.ts`], options, host);
  return [...byName].flatMap(([name, module]) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start = 0 }) => {
        const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
        return `${placeOf(module, line)} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      },
    );
  });
}

/** With an export, so that a block that has neither imports nor exports is a module of its own all the same. */
function textOf(module: DocModule | undefined): string | undefined {
  return module && `${module.code}\nexport {};\n`;
}
