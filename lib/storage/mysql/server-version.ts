/** Which server it is, and of which release. */
export interface ServerVersion {
  readonly kind: 'MariaDB' | 'MySQL';
  readonly major: number;
  readonly minor: number;
}

/** Reads what `VERSION()` gives; some releases of MariaDB put the version of a MySQL before theirs. */
export function serverVersion(version: string): ServerVersion {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? []).slice(1).map(Number);
  return { kind: /mariadb/i.test(version) ? 'MariaDB' : 'MySQL', major, minor };
}

/** Whether a server is of a release or a later one. */
export function isFrom({ major, minor }: ServerVersion, [fromMajor, fromMinor]: readonly [number, number]): boolean {
  return major > fromMajor || (major === fromMajor && minor >= fromMinor);
}
