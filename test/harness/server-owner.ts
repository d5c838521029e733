import { readFileSync } from 'node:fs';

/** The number of the user for whom a server's package runs; `undefined` where we are not root, and run it as ourselves. */
export function ownerNamed(user: string): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  if (line === undefined) throw new Error(`There is no user ${user} here to run a server of our own.`);
  return Number(line.split(':')[2]);
}

/** The command that runs a program as this user, where we are root: database servers refuse to be. */
export function ownersCommand(user: string, program: string, ...options: string[]): [string, ...string[]] {
  return process.getuid?.() === 0 ? ['runuser', '-u', user, '--', program, ...options] : [program, ...options];
}
