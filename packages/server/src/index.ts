/** The daemon as a library: what tests and the end-to-end suite start in their own process. */
export { type Daemon, type DaemonOptions, startDaemon } from './daemon.js';
export { HoldfastError } from './errors.js';
export { askHealth, readRuntimeFile } from './runtime-file.js';
export { defaultStateDirectory, logFilePath, runtimeFilePath } from './state-directory.js';
