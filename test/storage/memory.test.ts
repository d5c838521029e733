import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { memoryHarness } from '../harness/memory.js';

describeSagaStorage('InMemorySagaStorage', memoryHarness);
