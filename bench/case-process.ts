/** Runs one case in a process of its own: `case-process.ts <name> <rounds>`. It sends what it has found, and ends. */
import { CASES } from './cases/all.js';

// A failed step's stack is stored, and an application that runs JavaScript has no maps to read for that.
process.setSourceMapsEnabled(false);

const [name, rounds] = process.argv.slice(2);
const chosen = CASES.find((one) => one.name === name);
if (chosen === undefined) throw new Error(`There is no case ${String(name)}.`);
const findings = await chosen.run(Number(rounds));
process.send?.(findings, () => process.disconnect());
