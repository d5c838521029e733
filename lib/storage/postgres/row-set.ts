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

/** The columns of a {@link rowSet}. */
export interface RowSetColumns<Column extends string> {
  readonly name: string;
  /** Their types. */
  readonly columns: Readonly<Record<Column, string>>;
  /** Those that nearly always say the same in all rows of a set: then it is said once. Few, for each of them makes two statements of one. */
  readonly steady?: readonly Column[];
}

/**
 * Objects as a table of a statement: a list for each column, whatever the number of rows. What an object lacks is null. A single one goes
 * without lists: the server takes a list for ten rows, and would plan for them anew each time.
 */
export function rowSet<Column extends string>(
  bind: Bind,
  rows: readonly { readonly [C in Column]?: PostgresValue }[],
  { name, columns, steady = [] }: RowSetColumns<Column>,
): string {
  const names = Object.keys(columns) as Column[];
  const list = names.join(', ');
  const [first] = rows;
  if (first !== undefined && rows.length === 1) {
    const values = names.map((column) => `${bind(first[column] ?? null)}::${columns[column]}`);
    return `(VALUES (${values.join(', ')})) AS ${name} (${list})`;
  }
  const from: string[] = [];
  const listed: Column[] = [];
  const selected = names.map((column) => {
    const type = columns[column];
    const values = rows.map((row) => row[column] ?? null);
    if (steady.includes(column) && values.every((value) => value === values[0])) {
      return `${bind(values[0] ?? null)}::${type} AS ${column}`;
    }
    listed.push(column);
    const { source, value } = listOf(bind, { column, type }, values);
    from.push(source);
    return value;
  });
  return `(SELECT ${selected.join(', ')} FROM ROWS FROM (${from.join(', ')}) AS ${name} (${listed.join(', ')})) AS ${name}`;
}

/** A column of many rows: the list that its values come from, and how null is made of what stands for it there. */
interface ColumnList {
  readonly source: string;
  readonly value: string;
}

/**
 * JSON goes as a list in JSON: in a list of texts each of its quotes would have to be escaped here and read twice there. Where one of
 * the values is the `null` of JSON, which is not the null of SQL, it goes as texts after all.
 */
function listOf(
  bind: Bind,
  { column, type }: { readonly column: string; readonly type: string },
  values: readonly PostgresValue[],
): ColumnList {
  if (type === 'json' && !values.includes('null')) {
    return {
      source: `json_array_elements(${bind(`[${values.map((value) => value ?? 'null').join(',')}]`)}::json)`,
      value: `CASE WHEN json_typeof(${column}) <> 'null' THEN ${column} END AS ${column}`,
    };
  }
  return { source: `unnest(${bind(arrayText(values))}::${type}[])`, value: column };
}
