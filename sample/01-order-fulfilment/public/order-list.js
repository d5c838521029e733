import { findSagas } from './server.js';
import { STATUSES } from './words.js';

const PAGE = 6;

/** The orders, newest first, page by page. */
export class OrderList {
  #list = document.getElementById('orders');
  #older = document.getElementById('older');
  #empty = document.getElementById('no-orders');
  #filter = document.getElementById('filter');
  #next = '';
  #current;

  constructor() {
    this.#filter.onchange = () => this.refresh();
    this.#older.onclick = () => this.#load(this.#next);
  }

  /** Begins anew with the newest. */
  refresh() {
    return this.#load('');
  }

  mark(id) {
    this.#current = id;
    for (const link of this.#list.querySelectorAll('a')) {
      link.setAttribute('aria-current', String(link.dataset.id === id));
    }
  }

  async #load(cursor) {
    const status = this.#filter.value;
    const { items, next = '' } = await findSagas({ status, cursor, limit: PAGE });
    if (status !== this.#filter.value) return;
    this.#next = next;
    this.#older.hidden = next === '';
    const rows = items.map(row);
    if (cursor === '') this.#list.replaceChildren(...rows);
    else this.#list.append(...rows);
    this.#empty.hidden = this.#list.childElementCount > 0;
    this.mark(this.#current);
  }
}

function row({ id, status }) {
  const link = document.createElement('a');
  link.href = `#${encodeURIComponent(id)}`;
  link.dataset.id = id;
  const name = document.createElement('span');
  name.textContent = id;
  const chip = document.createElement('span');
  chip.className = 'chip';
  chip.dataset.status = status;
  chip.textContent = STATUSES[status];
  link.append(name, chip);
  const item = document.createElement('li');
  item.append(link);
  return item;
}
