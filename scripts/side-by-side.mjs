/**
 * Runs scripts of the package side by side: `node scripts/side-by-side.mjs "build test:package" "lint test:types"` has two
 * lanes, each of which runs its scripts one behind the other. What a script prints comes as a whole when it has ended. Once
 * one has failed, no other begins.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const lanes = process.argv.slice(2).map((lane) => lane.split(' '));
let failed = 0;

await Promise.all(lanes.map(runInOrder));
process.exitCode = failed === 0 ? 0 : 1;

async function runInOrder(scripts) {
  for (const script of scripts) {
    if (failed > 0) return;
    if (!(await succeeds(script))) failed++;
  }
}

async function succeeds(script) {
  const began = performance.now();
  const child = spawn('npm', ['run', '--silent', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(data));
  const [code] = await once(child, 'close');
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\n==> npm run ${script}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
  process.stdout.write(Buffer.concat(output));
  return code === 0;
}
