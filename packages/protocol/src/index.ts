/** The Holdfast `/ws` protocol in code. PROTOCOL.md beside this package is the specification. */
export * from './limits.js';
export * from './terminal.js';
export * from './errors.js';
export * from './close-codes.js';
export * from './methods.js';
export * from './messages.js';
export * from './health.js';
