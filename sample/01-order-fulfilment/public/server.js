/** The application's HTTP interface. What it refuses is thrown, with the server's own words. */

export const placeOrder = (order) => send('orders', order);

export const cancel = (id) => send(`sagas/${encodeURIComponent(id)}/cancel`);

export const retry = (id) => send(`sagas/${encodeURIComponent(id)}/retry`);

export const resolve = (id, step) =>
  send(`sagas/${encodeURIComponent(id)}/steps/${encodeURIComponent(step)}/resolve`, { reason: 'seen on the page' });

export const getSaga = async (id) => (await answer(fetch(`sagas/${encodeURIComponent(id)}`))).record;

export const findSagas = (query) => answer(fetch(`sagas?${new URLSearchParams(query)}`));

/** An EventSource that is lost connects again by itself, and says with Last-Event-ID where to go on. */
export const openEvents = (id) => new EventSource(`sagas/${encodeURIComponent(id)}/events`);

export const EVENT_TYPES = [
  'saga.started',
  'step.started',
  'step.completed',
  'step.retrying',
  'step.failed',
  'saga.compensating',
  'step.compensated',
  'step.compensation-failed',
  'saga.completed',
  'saga.failed',
  'saga.compensation-failed',
];

function send(path, body = {}) {
  return answer(
    fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  );
}

async function answer(request) {
  const response = await request;
  const body = await response.json();
  if (!response.ok) throw new Error([body.message].flat().join('. '));
  return body;
}
