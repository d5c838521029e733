import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { bundled } from '../../scripts/typescript/bundled.mjs';

const SCRIPT = await bundled('test/crash/child.ts');

export interface ChildEnd {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** What it said when its application was up: how `run()` ended, if it started a saga. */
  readonly said: string;
  readonly errors: string;
}

export interface RunningChild {
  readonly process: ChildProcess;
  /** When its application began to start; this host's clock, ms. */
  readonly begun: Promise<number>;
  readonly ended: Promise<ChildEnd>;
}

/** Starts a process of the crash tests; its {@link ChildOrder} is in this file. */
export function startChild(order: string): RunningChild {
  const child = spawn(process.execPath, [SCRIPT, order], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const begun = once(child.stdout, 'data').then(() => parseInt(said, 10));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    said: said.replace(/^\d+\n/, '').trim(),
    errors,
  }));
  return { process: child, begun, ended };
}
