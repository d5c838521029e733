import { describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DATABASES, type DatabaseKind } from './process-databases.js';

/**
 * Declares the same tests on every database that processes can share. One that is not here is said so loudly on a person's
 * machine, and fails where `CI` is set.
 */
export async function onEachDatabase(declare: (kind: DatabaseKind) => void): Promise<void> {
  for (const { name } of DATABASES) await onDatabase(name, declare);
}

/** The same on one of them. */
export async function onDatabase(name: DatabaseKind['name'], declare: (kind: DatabaseKind) => void): Promise<void> {
  const kind = DATABASES.find((one) => one.name === name)!;
  const problem = await kind.problem();
  // What a storage says of its server's settings is not what these tests are about.
  Logger.overrideLogger(false);
  if (problem === undefined) describe(`on ${kind.title}`, () => declare(kind));
  else {
    test(`NOT TESTED on ${kind.title}, which is not here (required where CI is set): ${problem}`, () => {
      expect(process.env['CI'] ?? '').toBe('');
    });
  }
}
