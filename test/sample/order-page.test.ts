import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { hasChromium, launchChromium } from './chromium.js';
import { OrderApp } from './order-app.js';

/** Milliseconds that a step takes where a test looks at it meanwhile: a browser on a busy machine is late by a second. */
const SLOWLY = '3000';

const STEPS = ['reserve-inventory', 'charge-payment', 'ship-order'];

jest.setTimeout(60_000);

if (hasChromium) {
  describe('the page of the order sample', testPage);
} else {
  test('the page of the order sample is NOT TESTED here: there is no /usr/bin/chromium (required where CI is set)', () => {
    console.warn('The page of the order sample was not tested: install Chromium from the system packages.');
    expect(process.env['CI'] ?? '').toBe('');
  });
}

function testPage(): void {
  let app: OrderApp;
  let browser: Browser;
  let page: Page;
  let troubles: string[];

  beforeAll(async () => {
    [app, browser] = await Promise.all([OrderApp.start(), launchChromium()]);
  }, 60_000);

  afterAll(() => Promise.all([app.stop('SIGKILL'), browser.close()]));

  beforeEach(async () => {
    page = await open();
  });

  afterEach(async () => {
    await page.context().close();
    expect(troubles).toEqual([]);
  });

  /** Opens the page in a browser of its own; errors in it, and requests that leave the application, are troubles. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    troubles = [];
    const context = await browser.newContext(options);
    const opened = await context.newPage();
    opened.on('pageerror', (error) => troubles.push(error.message));
    opened.on('request', (request) => {
      if (!request.url().startsWith(app.address)) troubles.push(`asked for ${request.url()}`);
    });
    await opened.goto(app.address);
    return opened;
  }

  async function placeOrder({ failing = 'Nothing', undoing = 'Works', delay = '0' } = {}): Promise<void> {
    const form = page.locator('form');
    await form.getByText(failing, { exact: true }).click();
    if (failing !== 'Inventory') await form.getByText(undoing, { exact: true }).click();
    await form.getByLabel('Each step takes').fill(delay);
    await form.getByRole('button', { name: 'Place order' }).click();
  }

  const reached = (status: string): Promise<void> => page.locator(`#status[data-status=${status}]`).waitFor();

  /** Waits until the three steps stand like this. */
  const stepsStand = (...states: readonly string[]): Promise<void> =>
    page
      .locator(`#track${STEPS.map((step, index) => `:has([data-step=${step}][data-state=${states[index]}])`).join('')}`)
      .waitFor();

  test('shows an order going forward, step by step, until it is fulfilled', async () => {
    await placeOrder({ delay: SLOWLY });
    await stepsStand('running', 'pending', 'pending');
    await stepsStand('completed', 'running', 'pending');
    await stepsStand('completed', 'completed', 'running');
    await stepsStand('completed', 'completed', 'completed');
    await reached('COMPLETED');
    expect(await page.locator('#story').textContent()).toBe('Reserved, paid and on its way.');
    expect(await page.locator('#log li').last().textContent()).toContain('Order fulfilled');
  });

  test('shows a failed order going back, the last step first', async () => {
    await placeOrder({ failing: 'Shipping', delay: SLOWLY });
    await stepsStand('completed', 'compensating', 'failed');
    await stepsStand('compensating', 'compensated', 'failed');
    await stepsStand('compensated', 'compensated', 'failed');
    await reached('FAILED');
    expect(await page.locator('#story').textContent()).toBe(
      'Nobody delivers to this address. All that had been done is undone.',
    );
  });

  test('shows a compensation that works at its third attempt', async () => {
    await placeOrder({ failing: 'Payment', undoing: 'Fails twice' });
    await reached('FAILED');
    expect(await page.locator('[data-step=reserve-inventory] .attempts').textContent()).toBe('3 attempts');
  });

  test('lets an operator settle by hand what cannot be undone', async () => {
    await placeOrder({ failing: 'Shipping', undoing: 'Keeps failing' });
    await reached('COMPENSATION_FAILED');
    await stepsStand('compensated', 'compensation-failed', 'failed');

    await page.getByRole('button', { name: 'Settled by hand' }).click();
    await reached('FAILED');
    await stepsStand('compensated', 'skipped', 'failed');
  });

  test('cancels an order that is under way', async () => {
    await placeOrder({ delay: SLOWLY });
    await stepsStand('completed', 'running', 'pending');
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await reached('FAILED');
    await stepsStand('compensated', 'compensated', 'pending');
    expect(await page.locator('#story').textContent()).toContain('was cancelled by the order page');
  });

  test('shows an order again from its address, with the whole log', async () => {
    await placeOrder({ failing: 'Inventory' });
    await reached('FAILED');
    const log = await page.locator('#log li').allTextContents();

    await page.reload();
    await reached('FAILED');
    await page.locator('#log [data-type="saga.failed"]').waitFor();
    expect(await page.locator('#log li').allTextContents()).toEqual(log);
  });

  test('follows an order to its end whose process is killed and started again', async () => {
    await placeOrder({ delay: SLOWLY });
    await stepsStand('completed', 'running', 'pending');
    await app.stop('SIGKILL');
    await page.locator('#connection').waitFor();

    app = await OrderApp.start(app);
    await reached('COMPLETED');
    expect(await page.locator('#connection').isHidden()).toBe(true);
    expect(await page.locator('#log li').allTextContents()).toContainEqual(
      expect.stringContaining('Payment: charging, attempt 2'),
    );
  });

  test('says so where there is no order of the address', async () => {
    await page.goto(`${app.address}/#nobody`);
    await page.getByText('There is no such order.').waitFor();
  });

  test('says what is wrong with an order that is refused', async () => {
    await page.getByLabel('Items').fill(' , ');
    await placeOrder();
    expect(await page.getByRole('alert').textContent()).toContain('items');
  });

  test('lists the orders, and shows the one that is picked', async () => {
    await placeOrder();
    await reached('COMPLETED');
    await page.getByLabel('Show').selectOption('Undone');
    await page.locator('#orders:has([data-status=FAILED]):not(:has([data-status=COMPLETED]))').waitFor();

    await page.locator('#orders a').first().click();
    await reached('FAILED');
  });

  test('fits on a phone', async () => {
    await page.context().close();
    page = await open({ viewport: { width: 360, height: 740 } });
    await placeOrder({ failing: 'Shipping' });
    await reached('FAILED');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
}
