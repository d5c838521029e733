import path from 'node:path';

/**
 * Who may import whom in lib/, and why. The first area that matches a file is its area.
 *
 * An area lists the other areas that its files may import (its own is always allowed) and the npm packages beyond the
 * ones that every file may use; of `typesFrom` it may import types only. `because` ends the message of the lint error.
 */
const areas = [
  {
    name: 'the index',
    files: /^index\.ts$/,
    mayImport: 'anything',
    packages: [],
    because: 'it names the public exports one by one',
  },
  {
    name: 'the module',
    files: /^saga(-core)?\.module\.ts$/,
    mayImport: 'anything',
    packages: ['@nestjs/core'],
    because: 'it is the wiring',
  },
  {
    name: "the module's options",
    files: /^saga[.-]module-[a-z]+\.ts$/,
    mayImport: 'anything',
    packages: [],
    because: 'they are read by the wiring, which hands each part what is its own',
  },
  {
    name: 'step invocation',
    files: /^engine\/(step-invoker\.ts|invoke\/)/,
    mayImport: [
      'engine',
      'rules',
      'definition',
      'discovery',
      'context',
      'storage port',
      'events',
      'errors',
      'enhancers',
    ],
    packages: ['@nestjs/core'],
    because: "it hands a step to Nest's enhancers and knows no storage, so that every storage gets the same calls",
  },
  {
    name: 'rules',
    files: /^engine\/rules\//,
    mayImport: ['definition', 'storage port', 'errors'],
    packages: [],
    because:
      'the rules of sagas are functions of plan and log, checked by going through every saga: they know nobody who acts by them',
  },
  {
    name: 'engine',
    files: /^engine\//,
    mayImport: ['rules', 'step invocation', 'definition', 'discovery', 'context', 'storage port', 'events', 'errors'],
    packages: [],
    because:
      "it runs the same on every storage, so it sees the port and no adapter; and Nest's container stays behind step-invoker and saga-explorer, so that a Nest release can break only these",
  },
  {
    name: 'saga explorer',
    files: /^discovery\/saga-explorer\.ts$/,
    mayImport: ['discovery', 'definition', 'context', 'storage port', 'errors', 'enhancers'],
    packages: ['@nestjs/core'],
    because: 'it scans the application once and hands what it found to the registry; what runs later comes after it',
  },
  {
    name: 'discovery',
    files: /^discovery\//,
    mayImport: ['saga explorer', 'definition', 'context', 'storage port', 'errors'],
    packages: [],
    // A registered saga carries the InstanceWrapper that the explorer found, and hands it on.
    typesFrom: ['@nestjs/core'],
    because: 'the registry is looked up by the engine; were it to import the engine, neither could be understood alone',
  },
  {
    name: 'enhancers',
    files: /^enhancers\//,
    mayImport: ['definition', 'context', 'storage port', 'events', 'errors'],
    packages: ['@nestjs/core'],
    because: 'guards, pipes, interceptors and parameter decorators see a step, not the machine that runs it',
  },
  {
    name: 'storage port',
    files: /^storage\/[^/]+\.ts$/,
    mayImport: ['errors'],
    packages: [],
    because: 'the port speaks names and JSON values and knows no definition, so that other people can write adapters',
  },
  {
    name: 'stored rows',
    files: /^storage\/rows\//,
    mayImport: ['storage port', 'errors'],
    packages: [],
    because: 'it is shared by all adapters that store sagas as rows of text, so it knows none of them',
  },
  {
    name: 'SQL support',
    files: /^storage\/sql\//,
    mayImport: ['storage port', 'errors'],
    packages: [],
    because: 'it is shared by all SQL adapters, so it knows none of them',
  },
  {
    name: 'storage adapter',
    files: /^storage\/[^/]+\//,
    mayImport: ['storage port', 'stored rows', 'SQL support', 'errors'],
    packages: [],
    because:
      'an adapter keeps the promises of the port and of nothing else: the contract suite could not hold it if it saw the engine or another adapter, and it imports no driver because the application brings its own',
  },
  {
    name: 'definition',
    files: /^definition\//,
    mayImport: ['context', 'storage port', 'events', 'errors'],
    packages: [],
    because: 'definitions are data: they must be usable, and testable, with nothing running',
  },
  {
    name: 'context',
    files: /^context\//,
    mayImport: ['definition', 'storage port', 'events', 'errors'],
    packages: [],
    because: 'serializing and validating a context has nothing to do with who runs the saga',
  },
  {
    name: 'events',
    files: /^events\//,
    mayImport: ['definition', 'context', 'storage port', 'errors'],
    packages: [],
    because: 'events are read from the log; a listener that could reach the engine could break a saga',
  },
  {
    name: 'errors',
    files: /^errors\//,
    mayImport: ['definition', 'storage port', 'events'],
    packages: [],
    because: 'an error can be thrown from anywhere only if it needs nothing',
  },
];

/** From the inside out: each of these is imported by the ones behind it, and by nothing else. */
const wiring = ["the module's options", 'the module', 'the index'];

const packagesForAll = ['@nestjs/common', 'rxjs', 'rxjs/operators', 'reflect-metadata'];
const optionalPeers = ['class-validator', 'class-transformer'];

/** @param {string} file a path below lib/ */
function areaOf(file) {
  const area = areas.find(({ files }) => files.test(file));
  return area?.name === 'storage adapter' ? { ...area, instance: file.split('/')[1] } : area;
}

/** @returns {string | undefined} what is wrong with this import, if anything is */
function objection(file, specifier, { isType = false, isLazy = false }) {
  const area = areaOf(file);
  if (!area) return `lib/${file} is in no area: give its folder a line in scripts/lint/import-directions.js.`;

  if (!specifier.startsWith('.')) {
    if (specifier.startsWith('node:')) {
      return specifier === 'node:sqlite' ? 'The application brings the SQLite driver: see storage/sqlite.' : undefined;
    }
    if (/^@nestjs\/[^/]+\/internal/.test(specifier)) {
      return `'${specifier}' is Nest's own: it may change in any release of Nest.`;
    }
    if (/^nest-saga(\/|$)/.test(specifier)) {
      return 'Import the file itself: importing our own index makes a cycle of everything.';
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (packagesForAll.includes(specifier) || area.packages.includes(name)) return undefined;
    if (isType && area.typesFrom?.includes(name)) return undefined;
    if (optionalPeers.includes(name)) {
      return isType || isLazy
        ? undefined
        : `'${name}' is optional: load it with import(), or applications without it do not start.`;
    }
    return `${sentence(area.name)} may not import '${specifier}': ${area.because}.`;
  }

  const target = targetOf(file, specifier);
  if (target === undefined) return `'${specifier}' leaves lib/, which is all that is published.`;
  const targetArea = areaOf(target);
  if (!targetArea) return `lib/${target} is in no area: give its folder a line in scripts/lint/import-directions.js.`;
  if (wiring.indexOf(targetArea.name) > wiring.indexOf(area.name)) {
    return `Nothing imports ${targetArea.name} (lib/${target}): it stands above everything below lib/, so this makes a cycle.`;
  }
  if (area.mayImport === 'anything') return undefined;
  if (targetArea.name === area.name && targetArea.instance === area.instance) return undefined;
  if (area.mayImport.includes(targetArea.name)) return undefined;
  return `${sentence(area.name)} may not import ${targetArea.name} (lib/${target}): ${area.because}.`;
}

function targetOf(file, specifier) {
  const parts = file.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1);

/** @type {import('eslint').Rule.RuleModule} */
export const importDirections = {
  meta: {
    type: 'problem',
    docs: { description: 'hold the directions of imports in lib/' },
    schema: [],
    messages: { refused: '{{ reason }}' },
  },
  create(context) {
    const lib = path.join(context.cwd, 'lib');
    const file = path.relative(lib, path.resolve(context.cwd, context.filename)).replaceAll('\\', '/');
    if (file.startsWith('../')) return {};

    const check = (node, source, use) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const reason = objection(file, source.value, use);
      if (reason) context.report({ node, messageId: 'refused', data: { reason } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, { isType: node.importKind === 'type' }),
      ExportNamedDeclaration: (node) => check(node, node.source, { isType: node.exportKind === 'type' }),
      ExportAllDeclaration: (node) => check(node, node.source, { isType: node.exportKind === 'type' }),
      ImportExpression: (node) => check(node, node.source, { isLazy: true }),
      TSImportType: (node) => check(node, node.source, { isType: true }),
      TSExternalModuleReference: (node) => check(node, node.expression, {}),
    };
  },
};
