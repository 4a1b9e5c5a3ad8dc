/* global __LOSE_EVERY__ */
/*
 * Loses every n-th hand-over of the transport: the script is evaluated and has no effect, as if the engine had
 * dropped it. Runs before the transport's own script, which defines the receiver.
 */
(function () {
  'use strict';
  const every = __LOSE_EVERY__;
  const loss = { calls: 0, lost: 0 };
  Object.defineProperty(window, '__contractLoss', { value: loss });
  const lose = () => {
    loss.calls += 1;
    if (loss.calls % every !== 0) return false;
    loss.lost += 1;
    return true;
  };

  const define = Object.defineProperty;
  Object.defineProperty = function (target, name, descriptor) {
    if (target !== window || name !== '__DAEMON_TRANSPORT__') return define(target, name, descriptor);
    Object.defineProperty = define;
    const receiver = descriptor.value;
    const value = Object.freeze({
      ...receiver,
      deliver: (...call) => lose() || receiver.deliver(...call),
      take: (...call) => (lose() ? undefined : receiver.take(...call)),
      probe: (...call) => lose() || receiver.probe(...call),
    });
    return define(target, name, { value });
  };

  // Tauri finds the handler of an event in this map.
  const { callbacks } = window.__TAURI_INTERNALS__;
  callbacks.get = (id) => {
    const callback = Map.prototype.get.call(callbacks, id);
    return (
      callback &&
      ((data) => {
        const ours = typeof data === 'object' && data !== null && String(data.event).startsWith('daemon://');
        if (!ours || !lose()) callback(data);
      })
    );
  };
})();
