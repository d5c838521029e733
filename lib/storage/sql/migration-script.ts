/** The statements of a migration as one text, for tools that take files. */
export function migrationScript(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};\n`).join('\n');
}
