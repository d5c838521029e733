import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { sqliteDrivers } from '../harness/sqlite-drivers.js';
import { sqliteHarness } from '../harness/sqlite.js';

for (const driver of sqliteDrivers) describeSagaStorage(`SqliteSagaStorage over ${driver.name}`, sqliteHarness(driver));
