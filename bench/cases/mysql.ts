import type { BenchCase } from '../finding.js';
import { mysql } from '../servers/mysql.js';
import { atOnce } from './server.js';

/** What is promised on MySQL and MariaDB. */
export const onMysql: readonly BenchCase[] = [
  atOnce({ server: mysql, name: '64-at-once', load: { sagas: 4_000, atOnce: 64 }, least: 0.7 }),
];
