/** The guest library of tauri-plugin-daemon-transport: a `DaemonTransport` over a WebSocket that Rust owns. */
export { createPluginTransportFactory, isAvailable } from './transport.js';
export type { PluginTransportOptions } from './transport.js';
export type { Lane } from './ipc.js';
export { EndpointError, listEndpoints, requestEndpoint, revokeEndpoint } from './endpoints.js';
export type { EndpointDecision, GrantedEndpoint, GrantedEndpoints } from './endpoints.js';
