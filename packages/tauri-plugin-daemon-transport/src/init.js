/*
 * Puts the receiver of evaluated batches in place, before any code of the page. It belongs to the main frame
 * alone, cannot be replaced, gives the page an id that tells it from earlier and later pages of the same
 * webview, and knows nothing but which connection's handler gets what.
 */
(function () {
  'use strict';
  // Some platforms run this in subframes too.
  if (window !== window.top || '__DAEMON_TRANSPORT__' in window) return;

  const digits = '0123456789abcdef';
  let pageId = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16)))
    pageId += digits[byte >> 4] + digits[byte & 15];

  const handlers = Object.create(null);
  // Calls for a connection that the page does not know yet: the answer to its connect request is on the way.
  // What does not fit is handed over again by Rust.
  const early = [];
  const EARLY_CALLS = 16;

  function call(connectionId, method, ...args) {
    const handler = handlers[connectionId];
    if (handler !== undefined) handler[method](...args);
    else if (early.length < EARLY_CALLS) early.push([connectionId, method, args]);
  }

  const receiver = {
    /** Version of the agreement between this script and the guest library. */
    version: 1,
    pageId,
    /** From now on `handler.deliver(serial, firstSeq, frames)` and `handler.probe(serial)` are called for the connection. */
    register(connectionId, handler) {
      handlers[connectionId] = handler;
      for (let at = 0; at < early.length;) {
        if (early[at][0] !== connectionId) at += 1;
        else {
          const [, method, args] = early.splice(at, 1)[0];
          handler[method](...args);
        }
      }
    },
    unregister(connectionId) {
      delete handlers[connectionId];
    },
    /** Called by Rust. `serial` numbers the hand-overs; `frames` holds strings (text) and arrays of one base64 string (binary). */
    deliver(page, connectionId, serial, firstSeq, frames) {
      if (page === pageId) call(connectionId, 'deliver', serial, firstSeq, frames);
    },
    /** Called by Rust when nothing was acknowledged for a while. */
    probe(page, connectionId, serial) {
      if (page === pageId) return call(connectionId, 'probe', serial);
      // Meant for an earlier page of this webview. The answer makes Rust release the connection.
      window.__TAURI_INTERNALS__
        .invoke('plugin:daemon-transport|daemon_send', { connectionId, page: pageId })
        .catch(() => {
          // It is refused, as it should be: the connection is not this page's.
        });
    },
  };
  Object.defineProperty(window, '__DAEMON_TRANSPORT__', { value: Object.freeze(receiver) });
})();
