/**
 * A name as Mermaid may show it: everything but letters, digits and a few harmless signs becomes a character code, so that
 * no name ends a label, a statement or the diagram.
 */
export function mermaidText(name: string): string {
  const text = name.replace(/[^\p{L}\p{N} ._-]/gu, (sign) => `#${String(sign.codePointAt(0))};`);
  // Alone, the word "end" would close a block.
  return /^\s*end\s*$/i.test(text) ? text.replace(/e/i, (letter) => `#${String(letter.codePointAt(0))};`) : text;
}

/** The lines of a diagram, each indented by its depth. */
export function mermaidLines(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `  ${line}`)].join('\n') + '\n';
}
