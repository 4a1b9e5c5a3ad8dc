/**
 * `npm run lint`: form and rules of everything, TypeScript and Rust. Builds first, because the rules read types and the
 * desktop crates embed the page.
 */
import { buildBenchPage, buildContractPage, buildPage } from './build.mjs';
import { checkNode, checkRustTools, findRust, installNpmPackages } from './setup.mjs';
import { step, StepError } from './step.mjs';
import { at } from './workspace.mjs';

/** Every check, in the order of what is quick: what it is, and its command. */
export const lints = /** @type {const} */ ([
  ['Prettier', at('node_modules', '.bin', 'prettier'), ['--check', '--log-level', 'warn', '.']],
  ['ESLint', at('node_modules', '.bin', 'eslint'), ['.']],
  ['rustfmt', 'cargo', ['fmt', '--all', '--check']],
  [
    'clippy',
    'cargo',
    ['clippy', '--release', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  ],
]);

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  try {
    checkNode();
    await installNpmPackages();
    const rust = await findRust();
    if (!rust.found) throw new StepError(rust.why);
    await checkRustTools();
    await buildPage();
    await buildContractPage();
    await buildBenchPage();
    for (const [what, command, args] of lints) await step(what, command, [...args], { cwd: at() });
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
