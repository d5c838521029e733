import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Money that has moved. The account's balance is the sum of its movements. */
@Entity()
export class Movement {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  transferId!: string;

  @Column('text')
  account!: string;

  @Column('integer')
  cents!: number;
}

/** What the application keeps of a transfer that somebody has ordered. */
@Entity()
export class TransferOrder {
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  cents!: number;
}

/** That a handler was called, whatever became of it: written through a connection of its own. */
@Entity()
export class HandlerCall {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  transferId!: string;

  @Column('text')
  step!: string;

  @Column('integer')
  process!: number;
}
