import { jsonText } from '../rows/json-text.js';
import { arrayText } from './array-text.js';
import { isAlikeInList, jsonListText, sendableTexts } from './json-list-text.js';
import type { PostgresValue } from './postgres-client.js';
import type { Bind, ColumnList, RowSetColumn } from './row-set.js';

/** What a row has in a column; `undefined` is null. */
type ValueOf<Row, Value = PostgresValue> = (row: Row) => Value | undefined;

/** A column of values that the server makes its type of. */
export function valueColumn<Row>(type: string, of: ValueOf<Row>): RowSetColumn<Row> {
  const only = (row: Row): PostgresValue => of(row) ?? null;
  return { type, only, list: (rows, set) => itemsOf(rows.map(only), { type, ...set }) };
}

/** A column of JSON, given as texts. */
export function jsonTextColumn<Row>(of: ValueOf<Row, string | null>): RowSetColumn<Row> {
  const only = (row: Row): string | null => of(row) ?? null;
  return {
    type: 'json',
    only,
    list: (rows, set) => {
      const texts = sendableTexts(rows.map(only));
      if (texts.includes('null')) return itemsOf(texts, { type: 'json', ...set });
      return elementsOf(`[${texts.map((text) => text ?? 'null').join(',')}]`, set);
    },
  };
}

/**
 * A column of JSON, given as what it says, and whose it is.
 *
 * What is bound for the only row of a set throws a StorageRejectedError where it has no JSON; for many rows an UnsendableListError.
 */
export function jsonColumn<Row>(
  of: ValueOf<Row, unknown>,
  describe: (row: Row) => Parameters<typeof jsonText>[1],
): RowSetColumn<Row> {
  const only = (row: Row): string | null => {
    const value = of(row);
    return value === undefined ? null : jsonText(value, describe(row));
  };
  return {
    type: 'json',
    only,
    list: (rows, set) => {
      const values = rows.map(of);
      if (values.every(isAlikeInList)) return elementsOf(jsonListText(values), set);
      return itemsOf(sendableTexts(rows.map(only)), { type: 'json', ...set });
    },
  };
}

/** A column that nearly always says the same in all rows: then it is said once. Few are, for each of them makes two statements of one. */
export function steady<Row>(column: RowSetColumn<Row>): RowSetColumn<Row> {
  return {
    ...column,
    list: (rows, set) => {
      const [said, ...others] = new Set(rows.map(column.only));
      if (said === undefined || others.length > 0) return column.list(rows, set);
      const { bind } = set;
      return { value: `${bind(said)}::${column.type}` };
    },
  };
}

/** A column that is null nearly always, and then is not sent: as {@link steady}, for few columns. */
export function rare<Row>(column: RowSetColumn<Row>, has: (row: Row) => boolean): RowSetColumn<Row> {
  return {
    ...column,
    list: (rows, set) => (rows.some(has) ? column.list(rows, set) : { value: `NULL::${column.type}` }),
  };
}

interface ListedColumn {
  readonly bind: Bind;
  readonly column: string;
}

function itemsOf(
  values: readonly PostgresValue[],
  { type, bind, column }: ListedColumn & { readonly type: string },
): ColumnList {
  return { source: `unnest(${bind(arrayText(values))}::${type}[])`, value: column };
}

/**
 * JSON goes as a list in JSON: in a list of texts each of its quotes would have to be escaped here and read twice there. Not where one of the
 * values is the `null` of JSON, which is not the null of SQL.
 */
function elementsOf(list: string, { bind, column }: ListedColumn): ColumnList {
  return {
    source: `json_array_elements(${bind(list)}::json)`,
    value: `CASE WHEN json_typeof(${column}) <> 'null' THEN ${column} END`,
  };
}
