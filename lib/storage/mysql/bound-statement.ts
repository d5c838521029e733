/** What a statement of ours binds. */
export type Bindable = string | number | null;

/** What stands in a statement as it is, because only the server knows its value. */
export interface Expression {
  readonly sql: string;
}

/** What stands for a value in a statement. */
export type Operand = Bindable | Expression;

/** Takes a value and gives its place in the statement. */
export type Bind = (value: Operand) => string;

/** A statement that is put together piece by piece, each with its parameters. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly Bindable[];
}

/** Puts a statement together; the pieces have to be bound in the order in which they stand in it. */
export function boundStatement(build: (bind: Bind) => string): BoundStatement {
  const values: Bindable[] = [];
  const text = build((value) => {
    if (isExpression(value)) return value.sql;
    if (isHarmlessJson(value)) return `'${value}'`;
    values.push(value);
    return '?';
  });
  return { text, values };
}

/** Printable ASCII but for the single quote, the backslash, and the question mark that drivers take for a parameter; with a double quote in it. */
const HARMLESS_JSON = /^[ !#-&(->@-[\]-~]*"[ -&(->@-[\]-~]*$/;

/**
 * Most JSON needs no escape in a literal, and stands there as it is in every `sql_mode` and character set. As a parameter it would be sent
 * as bytes, in twice the size, because drivers escape double quotes with backslashes.
 */
function isHarmlessJson(value: Bindable): value is string {
  return typeof value === 'string' && HARMLESS_JSON.test(value);
}

export function isExpression(value: Operand): value is Expression {
  return typeof value === 'object' && value !== null;
}

/** `(?, ?, …)`; for no values a list that holds nothing. */
export function listOf(bind: Bind, values: readonly Operand[]): string {
  return values.length === 0 ? '(NULL)' : `(${values.map(bind).join(', ')})`;
}
