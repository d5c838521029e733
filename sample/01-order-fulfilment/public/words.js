/** What the page says of each step, in each of its states. */
const STEPS = {
  'reserve-inventory': {
    name: 'Inventory',
    running: 'Reserving',
    completed: 'Reserved',
    compensating: 'Releasing',
    compensated: 'Released',
    'compensation-failed': 'Not released',
  },
  'charge-payment': {
    name: 'Payment',
    running: 'Charging',
    completed: 'Charged',
    compensating: 'Refunding',
    compensated: 'Refunded',
    'compensation-failed': 'Not refunded',
  },
  'ship-order': {
    name: 'Shipping',
    running: 'Shipping',
    completed: 'Shipped',
    compensating: 'Calling back',
    compensated: 'Called back',
    'compensation-failed': 'Not called back',
  },
};

const ALL_STEPS = { pending: 'Waiting', failed: 'Failed', unknown: 'Outcome unknown', skipped: 'Settled by hand' };

export const STATUSES = {
  PENDING: 'Waiting',
  RUNNING: 'Running',
  COMPENSATING: 'Going back',
  COMPLETED: 'Fulfilled',
  FAILED: 'Undone',
  COMPENSATION_FAILED: 'Needs help',
};

export const stepName = (step) => STEPS[step].name;

export const stepState = (step, state) => ALL_STEPS[state] ?? STEPS[step][state];

const seconds = (ms) => `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;

const attempt = (n) => (n > 1 ? `, attempt ${n}` : '');

/** One event as a line of the log: what happened, how it looks, and the error behind it. `turned`: the saga had turned back before. */
export function describe(event, { turned }) {
  const { type, error } = event;
  const step = event.step && stepName(event.step);
  const said = (state) => STEPS[event.step][state].toLowerCase();
  switch (type) {
    case 'saga.started':
      return { sign: '•', text: 'Order accepted, and durable' };
    case 'step.started':
      return { sign: '→', tone: 'go', text: `${step}: ${said('running')}${attempt(event.attempt)}` };
    case 'step.completed':
      return { sign: '✓', tone: 'good', text: `${step}: ${said('completed')}` };
    case 'step.retrying':
      return { sign: '!', tone: 'bad', text: `${step}: failed, again in ${seconds(event.retryIn)}`, error };
    case 'step.failed':
      return {
        sign: '✕',
        tone: 'bad',
        text: `${step}: ${event.outcome === 'unknown' ? 'no answer' : 'failed'}`,
        error,
      };
    case 'saga.compensating':
      return {
        sign: '←',
        tone: 'back',
        text: turned ? 'Undoing goes on' : 'Point of no return: what was done is undone',
      };
    case 'step.compensated':
      return event.by
        ? { sign: '✓', tone: 'back', text: `${step}: settled by ${event.by}` }
        : { sign: '↩', tone: 'back', text: `${step}: ${said('compensated')}` };
    case 'step.compensation-failed':
      return {
        sign: '!',
        tone: 'bad',
        text:
          `${step}: ${said('compensation-failed')}${attempt(event.attempt)}` +
          (event.retryIn === undefined ? ', the last of this round' : `, again in ${seconds(event.retryIn)}`),
        error,
      };
    case 'saga.completed':
      return { sign: '✓', tone: 'good', text: 'Order fulfilled' };
    case 'saga.failed':
      return { sign: '↩', tone: 'back', text: 'Order undone' };
    case 'saga.compensation-failed':
      return { sign: '!', tone: 'bad', text: `Not everything is undone; next round in ${seconds(event.retryIn)}` };
  }
}

/** Where the order stands, in a sentence. */
export function tell({ status, error, steps, dueAt }) {
  const why = error ? sentence(error.message) : '';
  switch (status) {
    case 'PENDING':
      return 'The order is accepted and waits for its turn.';
    case 'RUNNING':
      return 'Going forward, step by step.';
    case 'COMPLETED':
      return 'Reserved, paid and on its way.';
    case 'COMPENSATING':
      return `${why} Going back: what was done is undone, the last step first.`;
    case 'FAILED':
      return steps.some(({ state }) => state === 'compensated' || state === 'skipped')
        ? `${why} All that had been done is undone.`
        : `${why} Nothing had been done yet, so there was nothing to undo.`;
    case 'COMPENSATION_FAILED': {
      const stuck = steps.filter(({ state }) => state === 'compensation-failed').map(({ name }) => stepName(name));
      const next = dueAt ? ` Recovery takes it up again after ${new Date(dueAt).toLocaleTimeString()}.` : '';
      return `${why} ${stuck.join(' and ')} could not be undone.${next}`;
    }
  }
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
