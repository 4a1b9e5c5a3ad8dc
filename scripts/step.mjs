/**
 * Runs one step of a script: says what is done and for how long, shows the output of a step that fails, and
 * throws a StepError that names the step and what to do next.
 */
import { spawn } from 'node:child_process';

/** A step that failed. `message` is for people; `output` is the end of what the step wrote. */
export class StepError extends Error {
  /** @param {string} message @param {string} [output] */
  constructor(message, output = '') {
    super(message);
    this.name = 'StepError';
    this.output = output;
  }
}

/** Bytes of a step's output that are kept for the case that it fails. */
const MAX_KEPT_OUTPUT = 256 * 1024;

/** How often a long step says that it is still at work, in ms. */
const STILL_AT_WORK_INTERVAL_MS = 30_000;

const seconds = (/** @type {number} */ since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs a command and waits for its end.
 *
 * @param {string} what what this step does, for people
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, mayFail?: boolean }} [options] `show` passes the
 *   output through; `mayFail` returns a code other than 0 instead of throwing
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function step(what, command, args, options = {}) {
  const begun = performance.now();
  process.stdout.write(`• ${what}…\n`);
  const stillAtWork = setInterval(
    () => process.stdout.write(`  … ${what}: ${seconds(begun)} so far\n`),
    STILL_AT_WORK_INTERVAL_MS,
  );
  try {
    const result = await run(command, args, options);
    if (result.code !== 0 && options.mayFail !== true) {
      if (options.show !== true) process.stdout.write(result.output.slice(-20_000));
      throw new StepError(
        `${what}: "${[command, ...args].join(' ')}" ended with code ${String(result.code)}.`,
        result.output,
      );
    }
    process.stdout.write(`  ${result.code === 0 ? 'done' : 'failed'} in ${seconds(begun)}\n`);
    return result;
  } finally {
    clearInterval(stillAtWork);
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const take = (/** @type {Buffer} */ chunk) => {
      if (options.show === true) process.stdout.write(chunk);
      output = (output + chunk.toString('utf8')).slice(-MAX_KEPT_OUTPUT);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => reject(new StepError(`"${command}" could not be run: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n(ended by ${signal})\n`;
      resolve({ code: code ?? 1, output });
    });
  });
}
