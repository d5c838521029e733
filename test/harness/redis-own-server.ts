import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';

/** A server that a test starts itself, because it needs another configuration, or is to break it. */
export class OwnRedisServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nest-saga-redis-'));
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
  ) {}

  /** Why none can be started here; `undefined` when one can. */
  static problem(): string | undefined {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    return folders.some((folder) => existsSync(join(folder, 'redis-server')))
      ? undefined
      : "There is no redis-server: install the system's Redis.";
  }

  /** @param settings as `redis-server` takes them: `--maxmemory`, `10mb` … */
  static async start(...settings: readonly string[]): Promise<OwnRedisServer> {
    const server = new OwnRedisServer(await freePort(), settings);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what it has kept on disk. */
  async start(): Promise<void> {
    const fixed = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    this.child = spawn('redis-server', [...fixed, ...this.settings], { stdio: 'ignore' });
    const { child } = this;
    const hasFailed = () => child.exitCode !== null;
    const client = new Redis(this.url, { retryStrategy: () => (hasFailed() ? null : 20), maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    try {
      // A server that asks for a password has answered as well.
      await client.ping().catch(() => undefined);
    } finally {
      client.disconnect();
    }
    if (hasFailed()) throw new Error(`redis-server does not start with ${this.settings.join(' ')}.`);
  }

  /** Ends it as a power failure of its process would. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** As an operator ends it without saving: what is not in its append-only file is gone. Then it is started again. */
  async shutDownAndRestart(): Promise<void> {
    const client = new Redis(this.url, { retryStrategy: () => null });
    client.on('error', () => undefined);
    // A server that shuts down closes the connection instead of answering.
    await client.shutdown('NOSAVE').catch(() => undefined);
    client.disconnect();
    await this.kill();
    await this.start();
  }

  /** Starts it again if it has ended by itself. */
  async revive(): Promise<void> {
    if (this.child?.exitCode !== null || this.child.signalCode !== null) await this.start();
  }

  /** It is there, and does not answer. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  // A cluster's nodes talk to each other on a port that is 10,000 above.
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (typeof address === 'object' && address !== null && address.port < 55_000) return address.port;
  }
}
