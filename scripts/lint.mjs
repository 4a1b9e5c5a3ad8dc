/**
 * `npm run lint`: form and rules of everything, TypeScript and Rust. Builds first, because the rules read types and the
 * desktop crates embed the page.
 */
import { buildPage, buildSmallPages } from './build.mjs';
import { checkNode, checkRustTools, findRust, installNpmPackages } from './setup.mjs';
import { step, StepError } from './step.mjs';
import { at } from './workspace.mjs';

const bin = (/** @type {string} */ name) => at('node_modules', '.bin', name);

/** What others install from npm. */
const published = ['protocol', 'client', 'tauri-plugin-daemon-transport'];

/** Every check that needs no Rust, in the order of what is quick: what it is, and its command. */
export const pageLints = /** @type {[string, string, string[]][]} */ ([
  ['Prettier', bin('prettier'), ['--check', '--log-level', 'warn', '.']],
  ['ESLint', bin('eslint'), ['.']],
  // Everything that the guest library exports is documented.
  [
    'typedoc',
    bin('typedoc'),
    [
      ...['--entryPoints', at('packages', 'tauri-plugin-daemon-transport', 'guest-js', 'index.ts')],
      ...['--tsconfig', at('packages', 'tauri-plugin-daemon-transport', 'tsconfig.json')],
      // Nothing is written, so no source is linked either: a copy without a git remote is checked as well.
      ...['--readme', 'none', '--emit', 'none', '--disableSources'],
      ...[
        '--validation.notDocumented',
        'true',
        '--treatValidationWarningsAsErrors',
        '--treatWarningsAsErrors',
      ],
    ],
  ],
  ...published.flatMap((name) => [
    [`publint ${name}`, bin('publint'), ['--strict', at('packages', name)]],
    // ES modules only: a page bundles them, and Node from 20.19 on can require them too.
    [`Types of ${name}`, bin('attw'), ['--pack', at('packages', name), '--profile', 'esm-only', '--quiet']],
  ]),
]);

/** And those that need it. */
export const rustLints = /** @type {[string, string, string[]][]} */ ([
  ['rustfmt', 'cargo', ['fmt', '--all', '--check']],
  [
    'clippy',
    'cargo',
    ['clippy', '--release', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  ],
  // Everything public is documented, and every link in it leads somewhere.
  [
    'rustdoc',
    'cargo',
    [
      ...['rustdoc', '--release', '--locked', '-p', 'tauri-plugin-daemon-transport', '--lib'],
      ...['--', '-D', 'warnings'],
    ],
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
    await buildSmallPages();
    for (const [what, command, args] of [...pageLints, ...rustLints]) {
      await step(what, command, args, { cwd: at() });
    }
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
