import { arrayText } from './array-text.js';
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

/**
 * Objects as a table of a statement: a list for each column, whatever the number of rows. What an object lacks is null. A single one goes
 * without lists: the server takes a list for ten rows, and would plan for them anew each time.
 */
export function rowSet<Column extends string>(
  bind: Bind,
  rows: readonly { readonly [C in Column]?: PostgresValue }[],
  { name, columns }: { readonly name: string; readonly columns: Readonly<Record<Column, string>> },
): string {
  const names = Object.keys(columns) as Column[];
  const list = names.join(', ');
  const [first] = rows;
  if (first !== undefined && rows.length === 1) {
    const values = names.map((column) => `${bind(first[column] ?? null)}::${columns[column]}`);
    return `(VALUES (${values.join(', ')})) AS ${name} (${list})`;
  }
  const lists = names.map((column) => listOf(bind, { column, type: columns[column] }, rows));
  const selected = lists.map(({ selected }) => selected).join(', ');
  return `(SELECT ${selected} FROM ROWS FROM (${lists.map(({ from }) => from).join(', ')}) AS ${name} (${list})) AS ${name}`;
}

/** A column of many rows: the list that its values come from, and how null is made of what stands for it there. */
interface ColumnList {
  readonly from: string;
  readonly selected: string;
}

/**
 * JSON goes as a list in JSON: in a list of texts each of its quotes would have to be escaped here and read twice there. Where one of
 * the values is the `null` of JSON, which is not the null of SQL, it goes as texts after all.
 */
function listOf<Column extends string>(
  bind: Bind,
  { column, type }: { readonly column: Column; readonly type: string },
  rows: readonly { readonly [C in Column]?: PostgresValue }[],
): ColumnList {
  const values = rows.map((row) => row[column] ?? null);
  if (type === 'json' && !values.includes('null')) {
    return {
      from: `json_array_elements(${bind(`[${values.map((value) => value ?? 'null').join(',')}]`)}::json)`,
      selected: `CASE WHEN json_typeof(${column}) <> 'null' THEN ${column} END AS ${column}`,
    };
  }
  return { from: `unnest(${bind(arrayText(values))}::${type}[])`, selected: column };
}
