/* What an app would check requests with; this one passes all of them on. */
window.__TAURI_ISOLATION_HOOK__ = (payload) => payload;
