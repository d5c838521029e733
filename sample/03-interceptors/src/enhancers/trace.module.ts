import { Global, Module } from '@nestjs/common';
import { Trace } from './trace.js';

/** Global, so that the interceptors given to `SagaModule.forRoot()` can have it injected. */
@Global()
@Module({ providers: [Trace], exports: [Trace] })
export class TraceModule {}
