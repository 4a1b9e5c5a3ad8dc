/** The error of an upgrade that was answered with another status: the server's own sentence, where its body holds one. */
import * as z from 'zod';
import type { TransportErrorEvent } from '../transport.js';

const jsonBody = z.union([
  z.object({ message: z.string().min(1) }),
  z.object({ error: z.object({ message: z.string().min(1) }) }).transform(({ error }) => error),
  z.object({ error: z.string().min(1) }).transform(({ error }) => ({ message: error })),
]);

/** `403 Origin not allowed…`: the status, then the message of a JSON body, a short text body, or the status text. */
export function refusedUpgrade(status: number, statusText: string, body: string): TransportErrorEvent {
  const sentence = messageOf(body) ?? (statusText === '' ? 'instead of a WebSocket upgrade' : statusText);
  return { code: 'upgrade_refused', message: `${String(status)} ${sentence}`, status, body };
}

function messageOf(body: string): string | undefined {
  const text = body.trim();
  if (text === '') return undefined;
  try {
    const parsed = jsonBody.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.message : undefined;
  } catch {
    // Not JSON: a short line of plain text is a sentence, a page of HTML is not.
    return text.length <= 200 && !text.startsWith('<') ? text : undefined;
  }
}
