import { importDirections } from './import-directions.js';

const clocksAndChance = [
  ['Date', 'times come in as inputs'],
  ['performance', 'times come in as inputs'],
  ['setTimeout', 'waiting is done by the execution'],
  ['setInterval', 'waiting is done by the execution'],
  ['setImmediate', 'waiting is done by the execution'],
  ['queueMicrotask', 'waiting is done by the execution'],
  ['fetch', 'it does no I/O'],
  ['crypto', 'ids come in as inputs'],
  ['process', 'it knows no process'],
].map(([name, reason]) => ({
  name,
  message: `This file is pure, ${reason}: it is checked by exhaustive enumeration.`,
}));

/** Plan and rules: data in, data out. `npm run mutation` mutates these files. */
export const pureFiles = ['lib/definition/plan.ts', 'lib/engine/rules/*.ts'];

const processIsTheApplications = 'The process belongs to the application';

/**
 * The rules that hold in lib/ beyond those of the whole repository. They need no type information, so that the test
 * can show on single lines that each of them bites.
 *
 * @type {import('eslint').Linter.Config[]}
 */
export const libRules = [
  {
    name: 'nest-saga/lib',
    files: ['lib/**/*.ts'],
    plugins: { 'nest-saga': { rules: { 'import-directions': importDirections } } },
    rules: {
      'nest-saga/import-directions': 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: `${processIsTheApplications}: settings come in through forRoot().`,
        },
        { object: 'process', property: 'exit', message: `${processIsTheApplications}: a library throws.` },
        { object: 'process', property: 'abort', message: `${processIsTheApplications}: a library throws.` },
        ...['on', 'once', 'addListener', 'prependListener'].map((property) => ({
          object: 'process',
          property,
          message: `${processIsTheApplications}: use Nest's lifecycle hooks.`,
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
          message: `${processIsTheApplications}: settings come in through forRoot(), errors are thrown.`,
        },
        {
          selector: 'PropertyDefinition[static=true]:not([readonly=true])',
          message: 'State is in instances that Nest injects: two SagaModules in one process work.',
        },
        {
          selector:
            'Program > VariableDeclaration[kind="let"], Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
          message: 'State is in instances that Nest injects: two SagaModules in one process work.',
        },
        {
          selector:
            ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator > NewExpression[callee.name=/^(Map|WeakMap|Subject|BehaviorSubject|AsyncLocalStorage)$/]',
          message: 'State is in instances that Nest injects: two SagaModules in one process work.',
        },
        {
          selector: 'CallExpression[callee.property.name="bind"]',
          message: "Decorators are lost on a bound function: hand Nest the prototype's method and the instance.",
        },
      ],
    },
  },
  {
    name: 'nest-saga/pure',
    files: pureFiles,
    rules: {
      'no-restricted-globals': ['error', ...clocksAndChance],
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'This file is pure, chance comes in as an input: it is checked by exhaustive enumeration.',
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', '@nestjs/*', 'rxjs'], message: 'This file is pure: it takes data and returns data.' },
          ],
        },
      ],
    },
  },
];
