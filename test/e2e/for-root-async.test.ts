import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InMemorySagaStorage,
  SagaConfigurationError,
  SagaModule,
  SagaRunner,
  type SagaModuleOptions,
  type SagaStorage,
} from '../../lib/index.js';
import { Effects, saga, step } from './application.js';

/** What the application makes of its own providers. */
@Injectable()
class Database {
  readonly storage = new InMemorySagaStorage();
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

let made: Options[];

/** Options by a class: Nest calls `create()`. */
@Injectable()
class Options {
  constructor(private readonly database: Database) {
    made.push(this);
  }

  create(): SagaModuleOptions {
    return { storage: this.database.storage };
  }
}

@Module({ imports: [DatabaseModule], providers: [Options], exports: [Options] })
class OptionsModule {}

describe('SagaModule.forRootAsync()', () => {
  let module: TestingModule | undefined;

  beforeEach(() => {
    made = [];
  });
  afterEach(() => module?.close());

  async function start(options: Parameters<typeof SagaModule.forRootAsync>[0]): Promise<TestingModule> {
    const only = step(new Effects(), 'only');
    const S = saga('S', [only]);
    const imports = [SagaModule.forRootAsync(options)];
    module = await Test.createTestingModule({ imports, providers: [S, only as never] }).compile();
    await module.init();
    await module.get(SagaRunner).run(S, {}, { id: 's' });
    return module;
  }

  async function statusIn(storage: SagaStorage): Promise<string | undefined> {
    return (await storage.load('s'))?.record.status;
  }

  it('takes a factory that gets what it injects from the modules that it imports', async () => {
    const application = await start({
      imports: [DatabaseModule],
      inject: [Database],
      useFactory: ({ storage }: Database) => ({ storage }),
    });
    expect(await statusIn(application.get(Database, { strict: false }).storage)).toBe('COMPLETED');
  });

  it('waits for a factory that takes its time', async () => {
    const storage = new InMemorySagaStorage();
    await start({
      useFactory: async () => {
        await storage.open();
        return { storage };
      },
    });
    expect(await statusIn(storage)).toBe('COMPLETED');
  });

  it('takes a class, makes it with its dependencies, and calls its create()', async () => {
    const application = await start({ imports: [DatabaseModule], useClass: Options });
    expect(made).toHaveLength(1);
    expect(await statusIn(application.get(Database, { strict: false }).storage)).toBe('COMPLETED');
  });

  it('takes an existing provider, and makes no other', async () => {
    const application = await start({ imports: [OptionsModule], useExisting: Options });
    expect(made).toEqual([application.get(Options, { strict: false })]);
    expect(await statusIn(application.get(Database, { strict: false }).storage)).toBe('COMPLETED');
  });

  it('refuses wrong options when the application starts, whoever made them', async () => {
    const starting = start({ useFactory: () => ({ storage: new InMemorySagaStorage(), lease: { duration: -1 } }) });
    await expect(starting).rejects.toThrow(SagaConfigurationError);
    await expect(starting).rejects.toThrow(/lease: `duration`/);
  });
});
