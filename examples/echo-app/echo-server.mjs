// An echo server, as plain as can be: it knows nothing of Tauri, and trusts no origin. `node echo-server.mjs [PORT]`
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2] ?? 9001),
  path: '/echo',
  // No page of a browser, and of no other Tauri app either.
  verifyClient: ({ req }) => req.headers.origin === undefined,
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', (error) => console.error(`a peer broke the protocol: ${error.message}`));
});
server.on('listening', () => console.log(`echoing at ws://127.0.0.1:${server.address().port}/echo`));
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
