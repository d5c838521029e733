import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it, test } from '@jest/globals';
import { bundled } from '../../scripts/typescript/bundled.mjs';
import { isCertainlyGone, processIdentity } from '../../lib/engine/process-identity.js';
import { eventually } from '../e2e/eventually.js';

const CHILD = await bundled('test/engine/process-identity-child.ts');

/** Runs a command as a user who is not root, in a /proc that shows nobody the processes of others. */
const HIDING = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs for as long as the test does. */
function start(command: string, ...options: string[]): ChildProcess & { readonly pid: number } {
  const child = spawn(command, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child as ChildProcess & { readonly pid: number };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** The fields of /proc/<pid>/stat behind the command. */
function statOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
}

interface Identity {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number | string;
  readonly startedAt: string;
}

/** That of a process of this host, where nothing else is told. */
function identity({
  boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  namespace = readlinkSync('/proc/self/ns/pid'),
  pid,
  startedAt,
}: Pick<Identity, 'pid' | 'startedAt'> & Partial<Identity>): string {
  return `${boot} ${namespace} ${String(pid)} ${startedAt}`;
}

function identityOf(pid: number): string {
  return identity({ pid, startedAt: statOf(pid)[19]! });
}

/** What a process was that is gone. */
async function gone(): Promise<Pick<Identity, 'pid' | 'startedAt'>> {
  const child = start('sleep', '1000');
  const startedAt = statOf(child.pid)[19]!;
  await kill(child);
  return { pid: child.pid, startedAt };
}

function hiddenFrom(...identities: string[]): unknown {
  const node = [process.execPath, '--input-type=module', '-', ...identities];
  const unshared = ['--mount', '--propagation', 'private', 'sh', '-c', HIDING, 'sh', ...node];
  return JSON.parse(execFileSync('unshare', unshared, { input: readFileSync(CHILD), encoding: 'utf8', stdio: 'pipe' }));
}

function problemOfHiding(): string | undefined {
  try {
    hiddenFrom();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function whereThereIsProc(declare: () => void): void {
  if (processIdentity() !== undefined) return declare();
  test('NOT TESTED here: only Linux tells of processes', () => undefined);
}

function whereProcessesCanBeHidden(declare: () => void): void {
  const problem = problemOfHiding();
  if (problem === undefined) return declare();
  test(`hidden processes are NOT TESTED here: only root can hide some, on Linux. ${problem}`, () => undefined);
}

describe('who is certainly gone', () => {
  whereThereIsProc(() => {
    it('is a process that was killed', async () => {
      expect(isCertainlyGone(identity(await gone()))).toBe(true);
    });

    it('is a process whose pid another one has by now', () => {
      const earlier = identity({ pid: process.pid, startedAt: String(Number(statOf(process.pid)[19]) - 1) });
      expect(isCertainlyGone(earlier)).toBe(true);
    });

    it('is a zombie: it is dead, and only its parent has not heard of it', async () => {
      // The shell turns into a program that waits for no children.
      const parent = start('sh', '-c', 'sleep 1000 & echo $!; exec sleep 1000');
      const [told] = (await once(parent.stdout!, 'data')) as [Buffer];
      const pid = Number(told.toString());
      await eventually(() => expect([parent.pid, pid].map(commandOf)).toEqual(['sleep', 'sleep']));
      const zombie = identityOf(pid);
      expect(isCertainlyGone(zombie)).toBe(false);
      process.kill(pid, 'SIGKILL');
      await eventually(() => expect(statOf(pid)[0]).toBe('Z'));
      expect(isCertainlyGone(zombie)).toBe(true);
    });
  });
});

describe('who may live, so that the lease decides', () => {
  whereThereIsProc(() => {
    it('is this process', () => {
      expect(processIdentity()).toBe(identityOf(process.pid));
      expect(isCertainlyGone(processIdentity()!)).toBe(false);
    });

    it('is another process that runs', () => {
      expect(isCertainlyGone(identityOf(start('sleep', '1000').pid))).toBe(false);
    });

    it('is a process that is stopped', async () => {
      const { pid } = start('sleep', '1000');
      process.kill(pid, 'SIGSTOP');
      await eventually(() => expect(statOf(pid)[0]).toBe('T'));
      expect(isCertainlyGone(identityOf(pid))).toBe(false);
    });

    it.each([
      { whose: 'of another boot, which another host has too', boot: '00000000-0000-4000-8000-000000000000' },
      { whose: 'in another process namespace, as in another container', namespace: 'pid:[1]' },
    ])('is a process $whose, even if nothing has its pid here', async ({ whose: _, ...elsewhere }) => {
      expect(isCertainlyGone(identity({ ...(await gone()), ...elsewhere }))).toBe(false);
    });

    it('is whoever tells of itself in another way', async () => {
      const { pid, startedAt } = await gone();
      const [boot, namespace] = identity({ pid, startedAt }).split(' ') as [string, string];
      const unknown = [
        '',
        'worker-1',
        `${boot} ${namespace}`,
        `${boot} ${namespace} ${String(pid)}`,
        `${boot} ${namespace} ${String(pid)} `,
        `${boot} ${namespace} ${String(pid)} ${startedAt} 7`,
        `${boot} ${namespace} ${startedAt}`,
        ...['', 'x', '-1', '0', '1.5', '0x1', `pid:${String(pid)}`].map((not) => identity({ pid: not, startedAt })),
        ...['', 'x', '-1', 'undefined'].map((not) => identity({ pid, startedAt: not })),
        ` ${identity({ pid, startedAt })}`,
        `${identity({ pid, startedAt })}\n`,
        `undefined undefined ${String(pid)} ${startedAt}`,
      ];
      expect(unknown.filter(isCertainlyGone)).toEqual([]);
    });
  });

  whereProcessesCanBeHidden(() => {
    it("is another user's process that /proc hides", async () => {
      const living = identityOf(process.pid);
      expect(hiddenFrom(living, identity(await gone()))).toEqual([false, true]);
    });
  });
});
