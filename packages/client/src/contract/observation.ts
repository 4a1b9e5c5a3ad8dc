/** What the peer saw of one connection, as it tells over `/observe/<name>`. */
import * as z from 'zod';

export const observation = z.object({
  name: z.string(),
  /** An upgrade request with this name arrived. */
  arrived: z.boolean(),
  /** It was answered with 101. */
  upgraded: z.boolean(),
  /** The socket has ended. */
  ended: z.boolean(),
  /** Names in lower case, as Node gives them. */
  headers: z.record(z.string(), z.string()),
  messages: z.object({ count: z.int(), digest: z.string(), first: z.array(z.string()) }),
  /** The close frame that arrived: 1005 where it had no code, 1006 where there was none. */
  closeCode: z.int().nullable(),
  closeReason: z.string(),
});
export type Observation = z.infer<typeof observation>;

/** What can be asked on `/observe/<name>`: at once, when the request has arrived, when the socket has ended; or let a slow upgrade go on. */
export type ObserveQuestion = 'now' | 'arrived' | 'ended' | 'release';
