import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createConnection, type ConnectionOptions } from 'mysql2/promise';
import { freePort } from './own-postgres.js';
import { ownerNamed, ownersCommand } from './server-owner.js';

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/bin'];

/** A MariaDB server of a test's own, which it may break: the system's own package on a free port. */
export class OwnMariadb {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /** Why none can be started here; `undefined` when one can. */
  static problem(): string | undefined {
    return ['mariadb-install-db', 'mariadbd'].every((program) => pathOf(program) !== undefined)
      ? undefined
      : `There is no mariadbd in ${FOLDERS.join(', ')}: install the system's MariaDB.`;
  }

  /**
   * @param parent where its data go; default: the directory for temporary files.
   * @param settings more options of `mariadbd`.
   */
  static async start(parent = tmpdir(), ...settings: readonly string[]): Promise<OwnMariadb> {
    const folder = mkdtempSync(join(parent, 'nest-saga-own-mariadb-'));
    const owner = ownerNamed('mysql');
    if (owner !== undefined) chownSync(folder, owner, -1);
    const server = new OwnMariadb(folder, await freePort(), settings);
    try {
      const install = server.spawn('mariadb-install-db', '--auth-root-authentication-method=normal', '--skip-test-db');
      const [code] = (await once(install, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`mariadb-install-db ended with ${String(code)}.`);
      await server.begin();
      await server.query('CREATE DATABASE IF NOT EXISTS test');
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get config(): ConnectionOptions & { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.port, user: 'root', database: 'test' };
  }

  /** As after a power cut of its process; then it is started again. */
  async killAndRestart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  /** Starts it again if it has ended by itself. */
  async revive(): Promise<void> {
    if (this.hasEnded) await this.begin();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async kill(): Promise<void> {
    const pid = existsSync(this.pidFile) ? Number(readFileSync(this.pidFile, 'utf8')) : undefined;
    const { child } = this;
    if (child === undefined || pid === undefined || this.hasEnded) return;
    const exited = once(child, 'exit');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself, and who started it is about to notice.
    }
    await exited;
  }

  private get hasEnded(): boolean {
    const { child } = this;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  private async begin(): Promise<void> {
    const { folder, port } = this;
    const child = this.spawn(
      'mariadbd',
      `--port=${String(port)}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${this.pidFile}`,
      `--log-error=${join(folder, 'log')}`,
    );
    this.child = child;
    while (!(await this.answers())) {
      if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'log'), 'utf8').slice(-2_000));
      await setTimeout(50);
    }
  }

  private async answers(): Promise<boolean> {
    return this.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  private async query(sql: string): Promise<void> {
    const connection = await createConnection({ ...this.config, database: '' });
    try {
      await connection.query(sql);
    } finally {
      await connection.end();
    }
  }

  private spawn(program: string, ...options: string[]): ChildProcess {
    const path = pathOf(program);
    if (path === undefined) throw new Error(OwnMariadb.problem());
    const [name, ...rest] = ownersCommand(
      'mysql',
      path,
      '--no-defaults',
      `--datadir=${join(this.folder, 'data')}`,
      ...this.settings,
      ...options,
    );
    return spawn(name, rest, { cwd: this.folder, stdio: 'ignore' });
  }

  private get pidFile(): string {
    return join(this.folder, 'pid');
  }
}

function pathOf(program: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find((file) => existsSync(file));
}
