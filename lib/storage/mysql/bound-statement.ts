/** What a statement of ours binds. */
export type Bindable = string | number | null;

/** Takes a parameter's value and gives its place in the statement. */
export type Bind = (value: Bindable) => string;

/** A statement that is put together piece by piece, each with its parameters. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly Bindable[];
}

/** Puts a statement together; the pieces have to be bound in the order in which they stand in it. */
export function boundStatement(build: (bind: Bind) => string): BoundStatement {
  const values: Bindable[] = [];
  const text = build((value) => {
    values.push(value);
    return '?';
  });
  return { text, values };
}

/** `(?, ?, …)`; for no values a list that holds nothing. */
export function listOf(bind: Bind, values: readonly Bindable[]): string {
  return values.length === 0 ? '(NULL)' : `(${values.map(bind).join(', ')})`;
}
