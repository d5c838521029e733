import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of the benchmark's own, on a free port, which writes its file every second as most do that keep what matters. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @throws when there is no `redis-server` on this machine. */
  static async start(): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nest-saga-bench-'));
    const port = await freePort();
    const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''];
    const child = spawn('redis-server', [...settings, '--appendonly', 'yes', '--appendfsync', 'everysec'], {
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    const server = new RedisServer(port, child, folder);
    await server.answer();
    return server;
  }

  /** Commands that it has run so far, those of scripts included, and bytes that it has written to its file. */
  async counters(): Promise<Readonly<Record<string, number>>> {
    const client = new Redis({ port: this.port });
    const [stats, persistence] = [await client.info('stats'), await client.info('persistence')];
    client.disconnect();
    return {
      commands: numberOf(stats, 'total_commands_processed'),
      file_bytes: numberOf(persistence, 'aof_current_size'),
    };
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
    await rm(this.folder, { recursive: true });
  }

  private async answer(): Promise<void> {
    const client = new Redis({ port: this.port, retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await Promise.race([
      client.ping(),
      delay(10_000).then(() => Promise.reject(new Error('redis-server does not answer'))),
    ]);
    client.disconnect();
  }
}

function numberOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? NaN);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}
