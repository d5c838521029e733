import { describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OwnMariadb } from './own-mariadb.js';
import { OwnPostgres } from './own-postgres.js';
import type { StorageLocation, StorageName } from './process-storage.js';
import { OwnRedisServer } from './redis-own-server.js';

/** A database with a server of a test's own, which it may break. */
export interface OwnDatabase {
  readonly location: StorageLocation;
  /** Its server dies as in a power cut, and is started again with what it has on disk. */
  restartAtOnce(): Promise<void>;
  /** Starts its server again if it has ended by itself. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnDatabaseKind {
  readonly name: StorageName;
  readonly title: string;
  /** Why none can be started here; `undefined` when one can. */
  problem(): string | undefined;
  /** @param folder where its data go; default: the directory for temporary files. They need no more than 64 MB. */
  start(folder?: string): Promise<OwnDatabase>;
}

/** Every storage that has a server. */
export const OWN_DATABASES = {
  postgres: { name: 'postgres', title: 'PostgreSQL', problem: () => OwnPostgres.problem(), start: postgres },
  mysql: { name: 'mysql', title: 'MariaDB', problem: () => OwnMariadb.problem(), start: mysql },
  redis: { name: 'redis', title: 'Redis', problem: () => OwnRedisServer.problem(), start: redis },
} satisfies Readonly<Record<string, OwnDatabaseKind>>;

/**
 * Declares the same tests for every server that can be started here. One that cannot is said so loudly on a person's machine, and fails where
 * `CI` is set.
 */
export function onEachOwnDatabase(declare: (kind: OwnDatabaseKind) => void): void {
  // What a storage says of its server's settings is not what these tests are about.
  Logger.overrideLogger(false);
  for (const kind of Object.values(OWN_DATABASES)) whereItStarts(kind, declare);
}

/** The same for one of them. */
export function whereItStarts(kind: OwnDatabaseKind, declare: (kind: OwnDatabaseKind) => void): void {
  const { title } = kind;
  const found = kind.problem();
  if (found === undefined) describe(`on ${title}`, () => declare(kind));
  else {
    test(`NOT TESTED on ${title}, of which no server can be started here (required where CI is set): ${found}`, () => {
      expect(process.env['CI'] ?? '').toBe('');
    });
  }
}

async function postgres(folder?: string): Promise<OwnDatabase> {
  const server = await OwnPostgres.start(folder);
  return {
    location: { storage: 'postgres', server: server.config, schema: 'public' },
    restartAtOnce: () => server.restartAtOnce(),
    revive: () => server.revive(),
    stop: () => server.stop(),
  };
}

async function mysql(folder?: string): Promise<OwnDatabase> {
  const server = await OwnMariadb.start(folder, '--innodb-log-file-size=4M');
  return {
    location: { storage: 'mysql', server: server.config },
    restartAtOnce: () => server.killAndRestart(),
    revive: () => server.revive(),
    stop: () => server.stop(),
  };
}

async function redis(folder?: string): Promise<OwnDatabase> {
  const place = folder === undefined ? [] : ['--dir', folder];
  const server = await OwnRedisServer.start('--appendonly', 'yes', ...place);
  return {
    location: { storage: 'redis', url: server.url, keyPrefix: '{own}:' },
    restartAtOnce: () => server.shutDownAndRestart(),
    revive: () => server.revive(),
    stop: () => server.remove(),
  };
}
