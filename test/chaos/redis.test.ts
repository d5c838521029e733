import { onDatabase } from '../harness/on-each-database.js';
import { describeChaos } from './describe-chaos.js';

await onDatabase('redis', describeChaos);
