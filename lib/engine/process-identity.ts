import { readFileSync, readlinkSync } from 'node:fs';

/** Boot and process namespace; pid; when that started. Whatever else a worker tells of its process says nothing here. */
const IDENTITY = /^(\S+ \S+) ([1-9]\d*) (\d+)$/;

/** What the host tells of a process. */
interface ProcessStat {
  /** In the kernel's ticks since the boot. */
  readonly startedAt: string;
  /** Dead, but not yet reaped. */
  readonly isDead: boolean;
}

/**
 * Which process this is, so that another one on the same host can tell for certain that it is gone: boot, process namespace, pid, and
 * the time at which that pid started. `undefined` where the host does not tell (anything but Linux): then the lease decides.
 */
export function processIdentity(): string | undefined {
  const stat = statOf(process.pid);
  const place = placeOf();
  return stat === undefined || place === undefined ? undefined : `${place} ${String(process.pid)} ${stat.startedAt}`;
}

/** Whether a process with this identity certainly does not run any more. `false` where that is not certain. */
export function isCertainlyGone(identity: string): boolean {
  const [, place, pid, startedAt] = IDENTITY.exec(identity) ?? [];
  if (place === undefined || place !== placeOf()) return false;
  const stat = statOf(Number(pid));
  return stat === undefined ? !isThere(Number(pid)) : stat.isDead || stat.startedAt !== startedAt;
}

/** The same boot of the same kernel, and the same process namespace: only there a pid means the same. */
function placeOf(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** `undefined` where there is none to be read; that is not to say that there is no such process. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field, the command, is in parentheses and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startedAt = fields[19];
    return startedAt === undefined ? undefined : { startedAt, isDead: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

/** The kernel itself tells: `/proc` may hide the processes of other users (`hidepid`), and there may be no file left to open. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
