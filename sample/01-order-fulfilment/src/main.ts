import 'reflect-metadata';
import path from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { forceCloseConnections: true });
app.useStaticAssets(path.join(import.meta.dirname, '../public'));
// Ctrl-C lets running steps end; what is not finished then goes on at the next start.
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000);
const { port } = new URL(await app.getUrl());
console.log(`\n  Order fulfilment is at http://localhost:${port}\n`);
