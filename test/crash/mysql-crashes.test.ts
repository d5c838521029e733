import { onDatabase } from '../harness/on-each-database.js';
import { describeEveryCrash } from './every-crash.js';

await onDatabase('mysql', describeEveryCrash);
