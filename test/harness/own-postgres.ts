import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { ownerNamed, ownersCommand } from './server-owner.js';

const PACKAGES = '/usr/lib/postgresql';

/** A PostgreSQL server of a test's own, which it may break: the system's own package on a free port, with its data in `folder`. */
export class OwnPostgres {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Why none can be started here; `undefined` when one can. */
  static problem(): string | undefined {
    return pathOf('initdb') === undefined
      ? `There is no initdb below ${PACKAGES}: install the system's PostgreSQL.`
      : undefined;
  }

  /** @param parent where its data go; default: the directory for temporary files. */
  static async start(parent = tmpdir()): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(parent, 'nest-saga-own-postgres-'));
    const owner = ownerNamed('postgres');
    if (owner !== undefined) chownSync(folder, owner, -1);
    const server = new OwnPostgres(folder, await freePort());
    try {
      await server.run(
        'initdb',
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        '--no-sync',
      );
      await server.control('start');
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get config(): ClientConfig & { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', database: 'postgres' };
  }

  /** As after a power cut: every process of the server is ended at once, and what is not in the write-ahead log is gone. */
  async restartAtOnce(): Promise<void> {
    await this.control('restart', '--mode=immediate');
  }

  /** Starts it again if it has ended by itself, or waits until it has started itself again. */
  async revive(): Promise<void> {
    while (!(await this.answers())) {
      // It fails where the server is just being ended, or starts.
      await this.control('start').catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    await this.control('stop', '--mode=immediate').catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const client = new Client(this.config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private control(...command: string[]): Promise<void> {
    const options = `-p ${String(this.port)} -c listen_addresses=127.0.0.1 -k ${this.folder}`;
    return this.run('pg_ctl', `--log=${join(this.folder, 'log')}`, '--wait', `--options=${options}`, ...command);
  }

  private async run(program: string, ...options: string[]): Promise<void> {
    // The server inherits what its starter has open, so that is nothing.
    const data = `--pgdata=${join(this.folder, 'data')}`;
    const path = pathOf(program);
    if (path === undefined) throw new Error(OwnPostgres.problem());
    const [name, ...rest] = ownersCommand('postgres', path, data, ...options);
    const child = spawn(name, rest, { cwd: this.folder, stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 0) return;
    const log = join(this.folder, 'log');
    throw new Error(
      `${program} ended with ${String(code)}. ${existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : ''}`,
    );
  }
}

function pathOf(program: string): string | undefined {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(PACKAGES, version, 'bin', program)).find((path) => existsSync(path));
}

/** A port on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
