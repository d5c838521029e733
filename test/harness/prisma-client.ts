import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { getPrismaClient, type GetPrismaClientConfig, type ITXClientDenyList } from '@prisma/client/runtime/client';

/** A client for a schema without models, as `prisma generate` types it, less what nobody here uses. */
export interface PrismaClient {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $transaction<P extends Promise<unknown>[]>(
    queries: [...P],
    options?: TransactionOptions,
  ): Promise<{ [K in keyof P]: Awaited<P[K]> }>;
  $transaction<R>(work: (transaction: PrismaTransaction) => Promise<R>, options?: TransactionOptions): Promise<R>;
}

/** What Prisma hands out in a transaction. */
export type PrismaTransaction = Omit<PrismaClient, ITXClientDenyList>;

interface TransactionOptions {
  readonly maxWait?: number;
  readonly timeout?: number;
  readonly isolationLevel?: 'ReadCommitted' | 'RepeatableRead' | 'Serializable';
}

export function prismaOverPostgres(...options: ConstructorParameters<typeof PrismaPg>): PrismaClient {
  return generated('postgresql', new PrismaPg(...options));
}

export function prismaOverMysql(...options: ConstructorParameters<typeof PrismaMariaDb>): PrismaClient {
  return generated('mysql', new PrismaMariaDb(...options));
}

type Adapter = PrismaPg | PrismaMariaDb;
type CompilerWasm = NonNullable<GetPrismaClientConfig['compilerWasm']>;
type QueryCompilerRuntime = Awaited<ReturnType<CompilerWasm['getRuntime']>>;
type QueryCompilerModule = Awaited<ReturnType<CompilerWasm['getQueryCompilerWasmModule']>>;

/**
 * What `prisma generate` writes for a schema without models. Prisma's command line is not installed for it: it has 240 MB, and would fetch
 * an engine from elsewhere.
 */
function generated(provider: 'postgresql' | 'mysql', adapter: Adapter): PrismaClient {
  const config: GetPrismaClientConfig = {
    previewFeatures: [],
    clientVersion: '7.10.0',
    engineVersion: 'd1b3f377ca835d73fd50954a5e22128b9ebdd6b8',
    activeProvider: provider,
    inlineSchema: `datasource db {\n  provider = "${provider}"\n}\n`,
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: 'AAAA' },
    compilerWasm: {
      getRuntime: async () =>
        (await import(`@prisma/client/runtime/query_compiler_fast_bg.${provider}.mjs`)) as QueryCompilerRuntime,
      async getQueryCompilerWasmModule() {
        const { wasm } = (await import(
          `@prisma/client/runtime/query_compiler_fast_bg.${provider}.wasm-base64.mjs`
        )) as { readonly wasm: string };
        return wasmModule(Buffer.from(wasm, 'base64'));
      },
      importName: './query_compiler_fast_bg.js',
    },
  };
  const Client = getPrismaClient(config);
  return new Client({ adapter }) as unknown as PrismaClient;
}

/** Node has it, and its types do not. */
function wasmModule(bytes: Uint8Array): QueryCompilerModule {
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => QueryCompilerModule };
  };
  return new WebAssembly.Module(bytes);
}
