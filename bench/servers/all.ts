import type { BenchServer } from './bench-server.js';
import { postgres } from './postgres.js';

const SERVERS: readonly BenchServer[] = [postgres];

/** The server of this name, for a process that was told the name. */
export function serverOf(name: string): BenchServer {
  const server = SERVERS.find((candidate) => candidate.name === name);
  if (server === undefined) throw new Error(`no such server: ${name}`);
  return server;
}
