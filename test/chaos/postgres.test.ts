import { OWN_DATABASES, whereItStarts } from '../harness/own-databases.js';
import { describeChaos } from './describe-chaos.js';

whereItStarts(OWN_DATABASES.postgres, describeChaos);
