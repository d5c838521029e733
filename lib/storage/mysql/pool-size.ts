/** How many connections a pool of `mysql2` makes at most, in either form: one of them carries the other. */
export function poolSizeOf(pool: unknown): number | undefined {
  return poolConfigOf(pool)?.connectionLimit;
}

/** What a pool of `mysql2` was made with; `undefined` of anything else. */
export function poolConfigOf(client: unknown): PoolConfig | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  const { config, pool } = client as { config?: PoolConfig; pool?: { config?: PoolConfig } };
  return config ?? pool?.config;
}

/** The options of a pool that matter to the storage. */
export interface PoolConfig {
  readonly connectionLimit?: number;
  readonly waitForConnections?: boolean;
}
