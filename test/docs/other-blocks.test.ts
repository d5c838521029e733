import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { existsSync, readFileSync } from 'node:fs';
import { redisKeys } from '../../lib/storage/redis/redis-keys.js';
import { PlaceOrder } from '../../sample/01-order-fulfilment/src/orders/place-order.js';
import { blocksOf, readPages, type Block } from './markdown.js';

const ROOT = new URL('../../', import.meta.url);

/** Where blocks of each language are tried; those of `ts` and `text` in code-blocks.test.ts. */
const TRIED: Readonly<Record<string, string>> = {
  ts: 'compiled, run where they are marked',
  text: 'what a program prints; or, in docs/redis.md, rights (test/storage/redis-opening.test.ts)',
  sh: 'below',
  json: 'below',
  sql: 'test/storage/least-rights.test.ts',
  js: 'scripts/check-consumers.mjs',
  mermaid: 'drawn by whoever shows the page',
};

const blocks = readPages().flatMap(blocksOf);
const inLanguage = (language: string): readonly Block[] => blocks.filter((block) => block.language === language);

describe('every code block that is no TypeScript', () => {
  test('is in a language whose blocks are tried', () => {
    expect(blocks.filter(({ language }) => !(language in TRIED))).toEqual([]);
    // One more has to be tried as well.
    expect(inLanguage('js').map(({ page }) => page)).toEqual(['README.md']);
    expect(inLanguage('sql').map(({ page }) => page)).toEqual([
      'docs/mysql.md',
      'docs/mysql.md',
      'docs/postgres.md',
      'docs/postgres.md',
    ]);
  });

  test('and tells a shell what to do, names scripts, files, packages and keys that there are', () => {
    const { name, scripts, peerDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
      readonly name: string;
      readonly scripts: Readonly<Record<string, string>>;
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    const services = readFileSync(new URL('compose.yaml', ROOT), 'utf8');
    const keys = redisKeys('{nest-saga}:').saga('<id>');
    const commands = inLanguage('sh').flatMap(({ page, code }) =>
      code.split('\n').map((line) => ({ page, command: line.replace(/ +# .*/, '') })),
    );
    expect(commands.length).toBeGreaterThan(10);
    for (const { page, command } of commands) {
      const found = (pattern: RegExp) => Array.from(command.matchAll(pattern), ([, word = '']) => `${page}: ${word}`);
      const known = (words: readonly string[]) => words.map((word) => `${page}: ${word}`);
      const paths = Array.from(command.matchAll(/(?:scripts|sample|bench|docs)\/[\w./-]+/g), ([path]) => path);
      expect(paths.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
      expect(known(Object.keys(scripts))).toEqual(expect.arrayContaining(found(/npm run (?:--silent )?([\w:]+)/g)));
      expect(known(Object.keys(scripts))).toEqual(expect.arrayContaining(found(/npm (start)\b/g)));
      const installed = /npm install (.*)/.exec(command)?.[1]?.trim().split(' ') ?? [];
      expect([name, ...Object.keys(peerDependencies)]).toEqual(expect.arrayContaining(installed));
      const service = /docker compose up .*--wait (\w+)/.exec(command)?.[1];
      if (service !== undefined) expect(services).toContain(`\n  ${service}:\n`);
      expect(known([keys.head, keys.log])).toEqual(expect.arrayContaining(found(/redis-cli \w+ '(.*?)'/g)));
    }
  });

  test('and shows an order of the sample, shows one that it takes', () => {
    const orders = inLanguage('json').map(({ code }) => plainToInstance(PlaceOrder, JSON.parse(code) as object));
    expect(orders).toHaveLength(1);
    for (const order of orders) {
      expect(validateSync(order, { whitelist: true, forbidNonWhitelisted: true })).toEqual([]);
    }
  });
});
