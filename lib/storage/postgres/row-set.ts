import type { PostgresValue } from './postgres-client.js';

/** Takes a parameter's value and gives its place in the statement: `$1`, `$2` … */
export type Bind = (value: PostgresValue) => string;

/** A statement that is put together piece by piece, each with its parameters. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly PostgresValue[];
}

/** Puts a statement together. */
export function boundStatement(build: (bind: Bind) => string): BoundStatement {
  const values: PostgresValue[] = [];
  const text = build((value) => `$${values.push(value)}`);
  return { text, values };
}

/** How a column of a {@link rowSet} is sent. */
export interface RowSetColumn<Row> {
  readonly type: string;
  /** What the only row of a set has in it. */
  readonly only: (row: Row) => PostgresValue;
  /** What many rows have in it. */
  readonly list: (rows: readonly Row[], set: { readonly bind: Bind; readonly column: string }) => ColumnList;
}

/** A column of many rows. */
export interface ColumnList {
  /** The list that its items come from, which have the column's name; absent: all rows have the same. */
  readonly source?: string;
  /** What a row has in it, made of its item. */
  readonly value: string;
}

/** The columns of a {@link rowSet}, by their names. */
export type RowSetColumns<Row> = Readonly<Record<string, RowSetColumn<Row>>>;

/**
 * Objects as a table of a statement: a list for each column, whatever the number of rows. A single one goes without lists: the server takes
 * a list for ten rows, and would plan for them anew each time.
 */
export function rowSet<Row>(
  bind: Bind,
  rows: readonly Row[],
  { name, columns }: { readonly name: string; readonly columns: RowSetColumns<Row> },
): string {
  const [first] = rows;
  if (first !== undefined && rows.length === 1) {
    const values = Object.values(columns).map(({ type, only }) => `${bind(only(first))}::${type}`);
    return `(VALUES (${values.join(', ')})) AS ${name} (${Object.keys(columns).join(', ')})`;
  }
  const sources: string[] = [];
  const listed: string[] = [];
  const selected = Object.entries(columns).map(([column, { list }]) => {
    const { source, value } = list(rows, { bind, column });
    if (source !== undefined) {
      sources.push(source);
      listed.push(column);
    }
    return `${value} AS ${column}`;
  });
  return `(SELECT ${selected.join(', ')} FROM ROWS FROM (${sources.join(', ')}) AS ${name} (${listed.join(', ')})) AS ${name}`;
}
