/** `npm run bench`: installs what is missing, builds what is measured, and measures. */
import { spawn } from 'node:child_process';
import { buildDesktop, buildPage, buildWindowApps } from '../scripts/build.mjs';
import { checkNode, findRust, installNpmPackages, installSystemPackages } from '../scripts/setup.mjs';
import { StepError } from '../scripts/step.mjs';
import { at } from '../scripts/workspace.mjs';

try {
  checkNode();
  await installNpmPackages();
  const rust = await findRust();
  if (!rust.found) throw new StepError(rust.why);
  await installSystemPackages({ window: true });
  await buildPage();
  await buildWindowApps();
  // The app itself is measured in a whole run only.
  if (!process.argv.includes('--quick') && !process.argv.includes('--smoke')) await buildDesktop('plugin');
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(error.message);
  process.exit(1);
}
spawn(process.execPath, [at('bench', 'dist', 'main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
}).on('exit', (code) => process.exit(code ?? 1));
