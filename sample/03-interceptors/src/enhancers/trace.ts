import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';

/** The trace that the code runs in, however deep below the step it is, without anybody handing it on. */
@Injectable()
export class Trace {
  private readonly storage = new AsyncLocalStorage<string>();

  run<T>(id: string, work: () => T): T {
    return this.storage.run(id, work);
  }

  log(text: string): void {
    console.log(`  [${this.storage.getStore() ?? 'no trace'}] ${text}`);
  }
}
