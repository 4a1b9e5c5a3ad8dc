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
    if (handler !== undefined) return handler[method](...args);
    if (early.length < EARLY_CALLS) early.push([connectionId, method, args]);
  }

  const receiver = {
    /** Version of the agreement between this script and the guest library. */
    version: 2,
    pageId,
    /** From now on the handler's methods `deliver`, `take`, `probe`, `answer` and `next` are called for the connection. */
    register(connectionId, handler) {
      handlers[connectionId] = handler;
      for (let at = 0; at < early.length;) {
        if (early[at][0] !== connectionId) at += 1;
        else {
          const [, method, args] = early.splice(at, 1)[0];
          handler[method](...args);
          // What it gives would have told Rust what was taken. Nobody hears it now: the handler is to tell by itself.
          if (method === 'take') handler.probe(args[0]);
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
    /**
     * The same where Rust hears what a call gives: the number up to which everything was taken, or a request. `frames` is
     * such an array or JSON of one, in which the number of a member of `long` stands for a string.
     */
    take(page, connectionId, serial, firstSeq, frames, long) {
      if (page === pageId) return call(connectionId, 'take', serial, firstSeq, frames, long);
    },
    /** Called by Rust with the answer to the request that `take` gave. */
    answer(page, connectionId, answer) {
      if (page === pageId) handlers[connectionId]?.answer(answer);
    },
    /** Called by Rust with the answer to the request before. Gives a promise of the next one. */
    next(page, connectionId, answer) {
      if (page === pageId) return handlers[connectionId]?.next(JSON.parse(answer));
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
