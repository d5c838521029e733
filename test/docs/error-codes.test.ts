import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';

const ERRORS = new URL('../../lib/errors/', import.meta.url);
const GUIDE = new URL('../../docs/concepts.md', import.meta.url);

/** The statuses of the Nest exceptions that errors of this package extend. */
const STATUSES: Readonly<Record<string, string>> = {
  BadRequestException: '400',
  NotFoundException: '404',
  ConflictException: '409',
  PayloadTooLargeException: '413',
  ServiceUnavailableException: '503',
  GatewayTimeoutException: '504',
  HttpException: '204',
  SagaError: '',
};

describe('the table of errors', () => {
  test('has every code, and the status that Nest answers with', () => {
    expect(codesOfGuide()).toEqual(codesOfLibrary());
  });
});

function codesOfLibrary(): Readonly<Record<string, string | undefined>> {
  const files = readdirSync(ERRORS).map((name) => readFileSync(new URL(name, ERRORS), 'utf8'));
  const codes = files.flatMap((text) => {
    const code = /readonly code = '(\w+)'/.exec(text)?.[1];
    const base = /^export class \w+ extends (\w+)/m.exec(text)?.[1] ?? '';
    return code === undefined ? [] : [[code, STATUSES[base]] as const];
  });
  return Object.fromEntries<string | undefined>(codes);
}

function codesOfGuide(): Readonly<Record<string, string | undefined>> {
  const rows = readFileSync(GUIDE, 'utf8').matchAll(/^\| `(SAGA_\w+)` +\| (\d*) +\|/gm);
  return Object.fromEntries(Array.from(rows, ([, code = '', status = '']) => [code, status]));
}
