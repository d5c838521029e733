import { OrderList } from './order-list.js';
import { SagaView } from './saga-view.js';
import { placeOrder } from './server.js';

const STEPS = ['reserve-inventory', 'charge-payment', 'ship-order'];
const FAILURES = { twice: 2, always: undefined };

const form = document.getElementById('order');
const refusal = document.getElementById('refusal');
const orders = new OrderList();
const view = new SagaView({ onChange: () => orders.refresh() });

form.oninput = () => {
  // Where the first step fails, there is nothing to undo.
  form.undoing.disabled = form.failAt.value === STEPS[0];
  document.getElementById('delay').textContent = `${(form.delayMs.value / 1000).toFixed(1)} s`;
};

form.onsubmit = async (submission) => {
  submission.preventDefault();
  refusal.hidden = true;
  try {
    const { sagaId } = await placeOrder(orderOf(form));
    location.hash = encodeURIComponent(sagaId);
    // On a phone, the saga is below the form.
    if (matchMedia('(max-width: 860px)').matches)
      document.getElementById('saga').scrollIntoView({ behavior: 'smooth' });
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  }
};

// The address says which order is shown, so that a reload or a link shows it again.
window.onhashchange = showAddressed;
showAddressed();
void orders.refresh();

function showAddressed() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (id === '') return;
  orders.mark(id);
  view.show(id);
}

function orderOf({ items, amount, address, failAt, undo, delayMs }) {
  const simulate = { delayMs: Number(delayMs.value) };
  if (failAt.value) simulate.failAt = failAt.value;
  if (undo.value !== 'works') {
    simulate.failCompensationAt = lastDoneBefore(failAt.value);
    simulate.compensationFailures = FAILURES[undo.value];
  }
  return {
    orderId: `order-${crypto.randomUUID().slice(0, 8)}`,
    items: items.value.split(',').map((item) => item.trim()),
    amount: Number(amount.value),
    address: address.value,
    simulate,
  };
}

/** The step that is undone first when this one fails; of an order that is cancelled, the first step. */
function lastDoneBefore(failing) {
  return STEPS[Math.max(0, STEPS.indexOf(failing) - 1)];
}
