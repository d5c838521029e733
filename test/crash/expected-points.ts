import type { ScenarioName } from './scenarios.js';

/** Those whose points are listed here. */
export type ListedScenario = Exclude<ScenarioName, 'held'>;

/**
 * Places that a process comes by, in the order of an undisturbed run. It may die before and behind each; where something else lies between the
 * two, or there is only one, that is said.
 */
const PLACES: Readonly<Record<ListedScenario, readonly string[]>> = {
  forward: [
    'write created + A act started',
    'act of A',
    'write A act completed + B act started',
    'act of B',
    'write B act saved',
    'write B act completed + C act started',
    'act of C',
    'write C act completed + completed',
  ],
  back: [
    'write created + A act started',
    'act of A',
    'write A act completed + B act started',
    'write B act failed',
    'write B act started',
    'act of B',
    'write B act completed + C act started',
    'write C act failed + compensating + B compensate started',
    'write B compensate failed',
    'write B compensate started',
    'compensate of B',
    'write B compensate completed + A compensate started',
    'compensate of A',
    'write A compensate completed + failed',
  ],
  stuck: [
    'write created + A act started',
    'act of A',
    'write A act completed + B act started',
    'act of B',
    'write B act completed + C act started',
    'write C act failed + compensating + B compensate started',
    'write B compensate failed',
    'write B compensate started',
    'write B compensate failed + A compensate started',
    'compensate of A',
    'write A compensate completed + compensation-failed',
  ],
  cancelled: [
    'write created + A act started',
    'act of A',
    'write A act completed + B act started',
    'act of B',
    'request',
    'write B act completed + C act started',
    'write B act completed + cancelled + compensating + B compensate started',
    'compensate of B',
    'write B compensate completed + A compensate started',
    'compensate of A',
    'write A compensate completed + failed',
  ],
  pivot: [
    'write created + A act started',
    'act of A',
    'write A act completed + P act started',
    'act of P',
    'write P act completed + R act started',
    'write R act failed',
    'write R act started',
    'act of R',
    'write R act completed + completed',
  ],
  leased: [
    'register',
    'write created + A act started',
    'act of A',
    'write A act completed + B act started',
    'act of B',
    'renew',
    'write B act completed + completed',
    'release',
  ],
  'local forward': [
    'write created + A act started',
    'act of A',
    'after row of act of A',
    'before write in a transaction A act completed + completed',
    'commit A act completed + completed',
  ],
  'local back': [
    'write created + A act started',
    'act of A',
    'after row of act of A',
    'before write in a transaction A act completed + B act started',
    'commit A act completed + B act started',
    'write B act failed + compensating + A compensate started',
    'compensate of A',
    'after row of compensate of A',
    'before write in a transaction A compensate completed + failed',
    'commit A compensate completed + failed',
  ],
};

/**
 * Where a process may die, scenario by scenario: the same on each storage. A point that is not reached any more, or one that is new, fails the
 * test until it is written down here.
 */
export function expectedPoints(scenario: ListedScenario): readonly string[] {
  return PLACES[scenario].flatMap(pointsAt);
}

function pointsAt(place: string): readonly string[] {
  return /^(before|after) /.test(place) ? [place] : [`before ${place}`, `after ${place}`];
}
