import { createHash } from 'node:crypto';

/** A Lua script, and the name by which the server knows it once it has run there. */
export interface RedisScript {
  readonly text: string;
  /** SHA-1 of the text, as `EVALSHA` takes it. */
  readonly sha: string;
}

/** What a script is called with. Every key that it touches is among `keys`: a cluster asks for that. */
export interface ScriptCall {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** A script of parts: functions that several share, then the script itself. */
export function redisScript(...parts: readonly string[]): RedisScript {
  const text = parts.map((part) => part.trim()).join('\n\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
