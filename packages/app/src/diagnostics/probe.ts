/**
 * A second stream of one terminal that hashes what is delivered and draws nothing: it shows, from outside, that output
 * arrived complete and in order. It reads only what the page may read anyway.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DaemonClientV2 } from '@holdfast/client';
import { PROBE_MAX_BEHIND_BYTES } from '../limits.js';

export type ProbeReport = {
  /** Offset at which the stream began, in bytes; null before it has begun. */
  readonly startOffset: number | null;
  /** Bytes delivered since. */
  readonly bytes: number;
  /** SHA-256 of those bytes, in hexadecimal. */
  readonly sha256: string;
  /** Ranges that were not delivered. Not empty: the hash is not that of the whole. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /** Whether the program has ended, or the stream has. */
  readonly done: boolean;
  /** Why the stream ended early; null if it did not. */
  readonly error: string | null;
};

export type Probe = { readonly report: () => ProbeReport; readonly close: () => void };

/** Begins at the present end of the output, or at `from` (bytes) where the daemon still has it. */
export function openProbe(client: DaemonClientV2, terminalId: string, from?: number): Probe {
  const hash = sha256.create();
  let startOffset: number | null = null;
  let bytes = 0;
  let done = false;
  let error: string | null = null;
  const gaps: { from: number; to: number }[] = [];
  const attachment = client.attach(terminalId, {
    ...(from === undefined ? {} : { from }),
    maxBehindBytes: PROBE_MAX_BEHIND_BYTES,
    autoAck: true,
    onSnapshot: ({ offset }) => {
      startOffset ??= offset;
    },
    onOutput: ({ offset, end, data }) => {
      startOffset ??= offset;
      bytes += end - offset;
      hash.update(utf8ToBytes(data));
    },
    onGap: (gap) => {
      gaps.push(gap);
    },
    onExited: () => {
      done = true;
    },
    onClosed: () => {
      done = true;
    },
    onLost: (loss) => {
      done = true;
      error = loss.code;
    },
  });
  return {
    report: () => ({
      startOffset,
      bytes,
      sha256: bytesToHex(hash.clone().digest()),
      gaps: [...gaps],
      done,
      error,
    }),
    close: () => {
      attachment.detach();
    },
  };
}
