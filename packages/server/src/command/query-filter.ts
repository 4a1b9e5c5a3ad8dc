/**
 * Takes out of a terminal's output what asks the viewer's own terminal a question. The daemon has answered already;
 * a second answer would be typed into the program. It promises to change nothing else, however output is cut.
 */
/* eslint-disable no-control-regex -- escape sequences are made of control characters */

// Device attributes (DA), device status (DSR), requests of modes (DECRQM), of parameters (DECREQTPARM), of the
// version (XTVERSION), of the window (XTWINOPS) and of the keyboard protocol.
const QUERY_CSI =
  /^\x1b\[(?:[>=?]?[0-9;]*c|\??[0-9;]*n|\??[0-9;]*\$p|[0-9;]*x|>[0-9;]*q|1[1-9][0-9;]*t|2[01][0-9;]*t|\?u)$/;
// Requests of settings (DECRQSS), of termcap (XTGETTCAP).
const QUERY_DCS = /^\x1bP(?:\$q|\+q)/;
// Colours, selection: an OSC whose last parameter is a question mark.
const QUERY_OSC = /^\x1b\][0-9]+(?:;[^;]*)*;\?(?:\x07|\x1b\\)$/;

/** One escape sequence from the start of a text, or how much of one there is. */
const SEQUENCE =
  /^\x1b(?:\[[\x20-\x3f]*[\x40-\x7e]|\][^\x07\x1b\x18\x1a]*(?:\x07|\x1b\\)|P[^\x1b\x18\x1a]*\x1b\\|[\x20-\x2f]*[\x30-\x4f\x51-\x5a\x5c\x5e-\x7e])/;
const UNFINISHED =
  /^\x1b(?:$|\[[\x20-\x3f]*$|\][^\x07\x1b\x18\x1a]*(?:\x1b)?$|P[^\x1b\x18\x1a]*(?:\x1b)?$|[\x20-\x2f]+$)/;

/** Longest unfinished sequence that is held back, in code units; a longer one is no question. */
const MAX_HELD_LENGTH = 4096;

export class QueryFilter {
  #held = '';

  /** What may be written of the next piece of output. */
  filter(data: string): string {
    const text = this.#held + data;
    this.#held = '';
    let out = '';
    let at = 0;
    for (;;) {
      const escape = text.indexOf('\x1b', at);
      if (escape < 0) return (out + text.slice(at)).replaceAll('\x05', '');
      out += text.slice(at, escape);
      const rest = text.slice(escape, escape + MAX_HELD_LENGTH);
      const sequence = SEQUENCE.exec(rest)?.[0];
      if (sequence === undefined) {
        if (rest.length < MAX_HELD_LENGTH && UNFINISHED.test(rest)) {
          this.#held = rest;
          return out.replaceAll('\x05', '');
        }
        out += '\x1b';
        at = escape + 1;
        continue;
      }
      if (!QUERY_CSI.test(sequence) && !QUERY_DCS.test(sequence) && !QUERY_OSC.test(sequence))
        out += sequence;
      at = escape + sequence.length;
    }
  }
}
