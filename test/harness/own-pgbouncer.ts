import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { freePort } from './own-postgres.js';
import { serverConfig } from './postgres-config.js';
import { ownerNamed, ownersCommand } from './server-owner.js';

const PROGRAMS = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'];

/** For how long a connection is lent to a client. */
export type PoolMode = 'session' | 'transaction';

/** A PgBouncer of a test's own before the server of the tests: the system's own package on a free port. */
export class OwnPgBouncer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** Where and as whom clients connect. */
    readonly config: ClientConfig,
  ) {}

  /** Why none can be started here; `undefined` when one can. */
  static problem(): string | undefined {
    return PROGRAMS.some((file) => existsSync(file)) ? undefined : `There is no ${PROGRAMS.join(', ')}.`;
  }

  static async start(mode: PoolMode): Promise<OwnPgBouncer> {
    const program = PROGRAMS.find((file) => existsSync(file));
    if (program === undefined) throw new Error(OwnPgBouncer.problem());
    const folder = mkdtempSync(join(tmpdir(), 'nest-saga-pgbouncer-'));
    const port = await freePort();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(file, settings({ mode, port }), { mode: 0o600 });
    const owner = ownerNamed('postgres');
    if (owner !== undefined) for (const path of [folder, file]) chownSync(path, owner, -1);
    const [name, ...options] = ownersCommand('postgres', program, '--quiet', file);
    const child = spawn(name, options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const { user, database } = serverConfig;
    const bouncer = new OwnPgBouncer(child, folder, { host: '127.0.0.1', port, user, database });
    while (!(await bouncer.answers())) {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${String(child.exitCode)}.`);
    }
    return bouncer;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    rmSync(this.folder, { recursive: true });
  }

  private async answers(): Promise<boolean> {
    const client = new Client(this.config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function settings({ mode, port }: { readonly mode: PoolMode; readonly port: number }): string {
  const { host, port: serverPort, user, password } = serverConfig;
  const server = { host, port: serverPort, user, ...(typeof password === 'string' ? { password } : {}) };
  const connection = Object.entries(server).map(([name, value]) => `${name}='${String(value).replaceAll("'", "''")}'`);
  return `[databases]
* = ${connection.join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 12
`;
}
