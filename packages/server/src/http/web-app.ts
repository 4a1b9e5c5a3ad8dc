/**
 * Finds and serves the files of the web app. It promises to serve nothing outside of its directory, and to say how
 * to build the app where there is none.
 */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** Names that the build makes from their content never change, so a browser need not ask again. */
const HASHED_NAME = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Holdfast</title></head>
<body><h1>The web app is not built</h1>
<p>The daemon runs, but it found no files of its web app. Build them in the repository with</p>
<pre>npm run build</pre>
<p>and load this page again. The command <code>holdfast</code> works without them.</p></body></html>
`;

/** Where the built app lies: beside the installed package, else in the workspace. It need not exist yet. */
export function defaultWebRoot(): string {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@holdfast/app/package.json')), 'dist');
  } catch {
    // Not installed as a package, or its package.json is not exported: in the workspace it is our neighbour.
    return fileURLToPath(new URL('../../../app/dist', import.meta.url));
  }
}

async function findFile(root: string, path: string): Promise<{ file: string; size: number } | undefined> {
  try {
    const file = await realpath(join(root, path));
    const top = await realpath(root);
    if (!file.startsWith(top + sep)) return undefined;
    const found = await stat(file);
    return found.isFile() ? { file, size: found.size } : undefined;
  } catch {
    // Not there, or not to be read: either way there is nothing to serve.
    return undefined;
  }
}

/** Answers a request for a path of the app. */
export async function serveWebApp(root: string, path: string, headOnly: boolean): Promise<Response> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // A stray percent sign names no file of ours.
    return new Response('Not found\n', { status: 404 });
  }
  if (/[\0\\]/.test(decoded) || decoded.split('/').includes('..')) {
    return new Response('Not found\n', { status: 404 });
  }
  // The app has one page; a path without a dot is a place inside it.
  const isPage = decoded === '/' || extname(decoded) === '';
  const name = isPage ? '/index.html' : decoded;
  const found = await findFile(root, name);
  if (found === undefined) {
    if (!isPage) return new Response('Not found\n', { status: 404 });
    return new Response(headOnly ? null : NOT_BUILT, {
      status: 503,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    });
  }
  const headers = {
    'content-type': CONTENT_TYPES[extname(name)] ?? 'application/octet-stream',
    'content-length': String(found.size),
    'cache-control': HASHED_NAME.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (headOnly) return new Response(null, { headers });
  const body = Readable.toWeb(createReadStream(found.file)) as ReadableStream<Uint8Array>;
  return new Response(body, { headers });
}
