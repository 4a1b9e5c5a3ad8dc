/** A virtual display of our own (Xvfb), on a number that the X server chooses itself. */
import type { Readable } from 'node:stream';
import { start } from './process.js';

export type Display = { readonly name: string; end: () => Promise<void> };

/** Starts one; its screen has the given size in pixels. */
export async function virtualDisplay(width = 1280, height = 800): Promise<Display> {
  const server = await start(
    'Xvfb',
    [
      '-displayfd',
      '3',
      '-screen',
      '0',
      `${String(width)}x${String(height)}x24`,
      '-nolisten',
      'tcp',
      '-noreset',
    ],
    { extraPipe: true },
  );
  const pipe = server.child.stdio[3] as Readable | null | undefined;
  if (pipe === null || pipe === undefined) throw new Error('Xvfb has no pipe for its number');
  const number = await new Promise<string>((resolve, reject) => {
    let text = '';
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('\n')) resolve(text.trim());
    });
    void server.ended.then(() => reject(new Error(`Xvfb ended: ${server.output()}`)));
  });
  return { name: `:${number}`, end: () => server.end() };
}
