import { EVENT_TYPES, cancel, getSaga, openEvents, resolve, retry } from './server.js';
import { STATUSES, describe, stepState, tell } from './words.js';

const byId = (id) => document.getElementById(id);

/** Shows one saga: its log event by event, and after each event how its steps stand. */
export class SagaView {
  #id;
  #events;
  #startedAt;
  #turned;
  #record;
  #onChange;

  constructor({ onChange }) {
    this.#onChange = onChange;
    byId('cancel').onclick = () => this.#ask(() => cancel(this.#id));
    byId('retry').onclick = () => this.#ask(() => retry(this.#id));
    byId('resolve').onclick = () => this.#ask(() => Promise.all(this.#stuck().map((step) => resolve(this.#id, step))));
  }

  show(id) {
    this.#events?.close();
    this.#id = id;
    this.#startedAt = undefined;
    this.#turned = false;
    this.#record = undefined;
    clear(id);
    const events = (this.#events = openEvents(id));
    for (const type of EVENT_TYPES) events.addEventListener(type, ({ data }) => this.#hear(JSON.parse(data)));
    events.onopen = () => {
      byId('connection').hidden = true;
      this.#look();
    };
    events.onerror = () => {
      const isGivenUp = events.readyState === EventSource.CLOSED;
      byId('connection').hidden = isGivenUp;
      if (isGivenUp) byId('story').textContent = 'There is no such order.';
    };
  }

  #hear(event) {
    this.#log(event);
    // The stream of a finished saga has ended; without this, the browser would ask once more and be told so by a 204.
    if (event.type === 'saga.completed' || event.type === 'saga.failed') this.#events.close();
    this.#look();
  }

  /** An event says what happened; the record says how everything stands now. */
  async #look() {
    const id = this.#id;
    // Where the server is gone, the stream connects again when it is back, and this looks again.
    const record = await getSaga(id).catch(() => undefined);
    // Another saga is shown, or a later answer was here first.
    if (record === undefined || id !== this.#id || record.version < (this.#record?.version ?? 0)) return;
    const statusChanged = record.status !== this.#record?.status;
    this.#record = record;
    this.#draw(record);
    if (statusChanged) this.#onChange();
  }

  #draw({ status, steps, ...rest }) {
    byId('saga').dataset.status = status;
    const chip = byId('status');
    chip.hidden = false;
    chip.dataset.status = status;
    chip.textContent = STATUSES[status];
    byId('story').textContent = tell({ status, steps, ...rest });
    for (const step of steps) drawStep(step);
    byId('cancel').hidden = status !== 'RUNNING' && status !== 'PENDING';
    byId('retry').hidden = byId('resolve').hidden = status !== 'COMPENSATION_FAILED';
  }

  #log(event) {
    const { sign, tone, text, error } = describe(event, { turned: this.#turned });
    this.#turned ||= event.type === 'saga.compensating';
    const at = new Date(event.at).getTime();
    this.#startedAt ??= at;
    const line = document.createElement('li');
    line.dataset.type = event.type;
    if (tone) line.dataset.tone = tone;
    const time = element('time', `+${((at - this.#startedAt) / 1000).toFixed(2)} s`);
    time.dateTime = event.at;
    const what = element('div', text);
    if (error) what.append(element('small', error.message));
    line.append(time, element('span', sign, 'sign'), what);
    byId('log').append(line);
  }

  #stuck() {
    return this.#record.steps.filter(({ state }) => state === 'compensation-failed').map(({ name }) => name);
  }

  async #ask(request) {
    try {
      await request();
      await this.#look();
    } catch (error) {
      byId('story').textContent = error.message;
    }
  }
}

function clear(id) {
  byId('saga-title').textContent = id;
  byId('story').textContent = '';
  byId('log').replaceChildren();
  for (const hidden of ['status', 'connection', 'cancel', 'retry', 'resolve']) byId(hidden).hidden = true;
  for (const { dataset } of document.querySelectorAll('[data-step]')) {
    drawStep({ name: dataset.step, state: 'pending', attempts: {} });
  }
}

function drawStep({ name, state, attempts }) {
  const station = document.querySelector(`[data-step='${name}']`);
  station.dataset.state = state;
  station.querySelector('.state').textContent = stepState(name, state);
  const count = attempts.compensate || attempts.act;
  station.querySelector('.attempts').textContent = count > 1 ? `${count} attempts` : '';
}

function element(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}
