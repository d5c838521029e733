import { existsSync, readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

/** A page of the documentation: what a reader finds in the repository, the generated reference left out. */
export interface Page {
  /** Relative to the repository's root: `docs/recovery.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block, and what the HTML comment right before it says of it. */
export interface Block {
  readonly page: string;
  /** The line on which its code begins, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly marks: readonly string[];
}

/**
 * One module made of a page's `ts` blocks: a block, and those after it that are marked `<!-- continues -->`. A block that
 * is marked `<!-- runs -->` is run with all before it in its module; the next `text` block is what it prints.
 */
export interface DocModule {
  readonly page: string;
  readonly blocks: readonly Block[];
  readonly code: string;
  /** What it prints; absent when it is only compiled. */
  readonly prints?: string;
}

const MARKS = ['continues', 'runs', 'tests'];

export function readPages(): readonly Page[] {
  const guides = readdirSync(new URL('docs/', ROOT)).filter((name) => name.endsWith('.md'));
  const samples = readdirSync(new URL('sample/', ROOT)).filter((name) =>
    existsSync(new URL(`sample/${name}/README.md`, ROOT)),
  );
  const paths = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...guides.map((name) => `docs/${name}`),
    'sample/README.md',
    ...samples.map((name) => `sample/${name}/README.md`),
  ];
  return paths.map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));
}

/** @throws for a mark that does not exist, and for a fence that is never closed. */
export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\w+)\s*$/.exec(lines[i] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i);
    if (end < 0) throw new Error(`${path}:${i + 1}: the block is never closed`);
    const code = lines.slice(i + 1, end).join('\n');
    blocks.push({ page: path, line: i + 2, language, code, marks: marksBefore(lines, i, path) });
    i = end;
  }
  return blocks;
}

function marksBefore(lines: readonly string[], fence: number, path: string): readonly string[] {
  const marks: string[] = [];
  for (let i = fence - 1; i >= 0; i--) {
    const comment = /^<!-- (.*) -->$/.exec(lines[i] ?? '')?.[1];
    if (comment === undefined) {
      if (lines[i] === '') continue;
      break;
    }
    if (comment === 'prettier-ignore') continue;
    for (const mark of comment.split(', ')) {
      if (!MARKS.includes(mark))
        throw new Error(`${path}:${i + 1}: there is no mark "${mark}"; known are ${MARKS.join(', ')}`);
      marks.push(mark);
    }
  }
  return marks;
}

/** The modules of a page, in order. */
export function modulesOf(page: Page): readonly DocModule[] {
  const blocks = blocksOf(page);
  const modules: Block[][] = [];
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    const last = modules.at(-1);
    if (!block.marks.includes('continues')) modules.push([block]);
    else if (last === undefined)
      throw new Error(`${page.path}:${block.line}: there is no block that it could continue`);
    else last.push(block);
  }
  return modules.map((parts) => {
    const ran = parts.find(({ marks }) => marks.includes('runs'));
    const prints = ran && blocks.slice(blocks.indexOf(ran)).find(({ language }) => language === 'text')?.code;
    if (ran !== undefined && prints === undefined) {
      throw new Error(`${page.path}:${ran.line}: a block that runs needs a text block behind it with what it prints`);
    }
    return {
      page: page.path,
      blocks: parts,
      code: parts.map(({ code }) => code).join('\n\n'),
      ...(prints !== undefined && { prints }),
    };
  });
}

/** The file and line of the Markdown that a line (from 0) of a module comes from. */
export function placeOf({ page, blocks }: DocModule, line: number): string {
  let left = line;
  for (const { code, line: first } of blocks) {
    const length = code.split('\n').length;
    if (left < length) return `${page}:${first + left}`;
    left -= length + 1;
  }
  return page;
}
