import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Which process this is, so that another one on the same host can tell for certain that it is gone: boot, process namespace, pid, and
 * the time at which that pid started. `undefined` where the host does not tell (anything but Linux): then the lease decides.
 */
export function processIdentity(): string | undefined {
  const start = startOf(process.pid);
  const place = placeOf();
  return start === undefined || place === undefined ? undefined : `${place} ${String(process.pid)} ${start}`;
}

/** Whether a process with this identity certainly does not run any more. `false` where that is not certain. */
export function isCertainlyGone(identity: string): boolean {
  const [boot, namespace, pid, start] = identity.split(' ');
  if (pid === undefined || start === undefined || `${String(boot)} ${String(namespace)}` !== placeOf()) return false;
  return startOf(Number(pid)) !== start;
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

/** When the process of this pid started, in the kernel's ticks; `undefined` for none, and for one that is dead but not yet reaped. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field, the command, is in parentheses and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
