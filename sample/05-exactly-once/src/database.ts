import { DataSource } from 'typeorm';
import { DATABASE_URL, SCHEMA } from '../../postgres-schema.js';
import { HandlerCall, Movement, TransferOrder } from './bank.js';

/** The tables of the application and those of the sagas are in one database: that is what makes one commit of two writes. */
export function dataSource(): DataSource {
  return new DataSource({
    type: 'postgres',
    url: DATABASE_URL,
    schema: SCHEMA,
    entities: [Movement, TransferOrder, HandlerCall],
  });
}
