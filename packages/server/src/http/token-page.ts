/** What a person sees who opens the page of a daemon that asks for its token: why, and what works instead. */
import type { Answer } from './refusal.js';
import { headerValues, pathOf, type RequestHead } from './request-head.js';

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Holdfast asks for its token</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }
code { font-size: 0.9em }
</style></head>
<body><main><h1>This daemon asks for its token</h1>
<p>It was started with <code>--auth token</code>, and a browser has no way yet to show it one. Nothing is wrong with your
terminals: they run on.</p>
<ul>
<li>The desktop app and the command <code>holdfast</code> send the token by themselves: try <code>holdfast ls</code>.</li>
<li>To use the browser, let the daemon go without it: <code>holdfast daemon restart --auth none</code>. This ends its
terminals, and every program on this computer can then connect.</li>
</ul></main></body></html>
`;

/** The page, where a person's browser asks for one; a program is answered in JSON. */
export function tokenPageFor(head: RequestHead): Answer | undefined {
  if (pathOf(head.target).startsWith('/api/')) return undefined;
  const accepts = headerValues(head.rawHeaders, 'accept').some((value) => value.includes('text/html'));
  return accepts ? { contentType: 'text/html; charset=utf-8', body: PAGE } : undefined;
}

/** The page loads nothing and runs nothing. */
export const TOKEN_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
