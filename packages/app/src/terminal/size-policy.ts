/**
 * Who sets the size of a terminal that several windows show: the view that the person last used. Used means typed
 * into, chosen in the list, or asked for by "Use this window's size"; looking at a window is not using it. A pure
 * state machine: an event gives the next state and at most one size to ask for.
 *
 * It cannot oscillate: a size is asked for only after something the person did here (`used`, or a new fit while this
 * view owns the size), never because another view changed it (`resized`), which takes the ownership away instead.
 */

/** Columns and rows. */
export type Size = { readonly cols: number; readonly rows: number };

export type SizeState = {
  /** What fills this view; null while it is not laid out. Does not depend on the header above the terminal. */
  readonly fit: Size | null;
  /** The terminal's size; null until the daemon has said it. */
  readonly size: Size | null;
  /** Whether this view was used last. */
  readonly owner: boolean;
  /** What was asked for and not yet seen. */
  readonly asked: Size | null;
};

export type SizeEvent =
  /** The person used this view. */
  | { readonly kind: 'used' }
  /** The window, the sidebar or the font changed what fits. */
  | { readonly kind: 'fit'; readonly fit: Size | null }
  /** A stream is being attached: the size is not known until it says so. */
  | { readonly kind: 'attaching' }
  /** The daemon says the terminal's size: in a snapshot, or between two pieces of output. */
  | { readonly kind: 'resized'; readonly size: Size }
  /** The daemon has set the size that was asked for. */
  | { readonly kind: 'answered'; readonly size: Size }
  /** The stream is attached, to a terminal of this size. */
  | { readonly kind: 'attached'; readonly size: Size }
  /** The request for a size failed: there is no connection, or the program has ended. */
  | { readonly kind: 'refused' };

export type SizeStep = { readonly state: SizeState; readonly ask: Size | null };

export const INITIAL_SIZE_STATE: SizeState = { fit: null, size: null, owner: false, asked: null };

/** Whether two sizes are the same. */
export function sameSize(a: Size | null, b: Size | null): boolean {
  return a === b || (a !== null && b !== null && a.cols === b.cols && a.rows === b.rows);
}

/** The machine's one step. */
export function stepSize(state: SizeState, event: SizeEvent): SizeStep {
  switch (event.kind) {
    case 'used':
      return askIfNeeded({ ...state, owner: true });
    case 'fit': {
      const next = { ...state, fit: event.fit };
      return next.owner ? askIfNeeded(next) : { state: next, ask: null };
    }
    case 'attaching':
      return { state: { ...state, size: null, asked: null }, ask: null };
    case 'resized':
      if (state.size === null) {
        // The first word about the size: what the person did before it still waits for its effect.
        const next = { ...state, size: event.size };
        return next.owner ? askIfNeeded(next) : { state: next, ask: null };
      }
      if (sameSize(event.size, state.asked)) {
        return { state: { ...state, size: event.size, asked: null }, ask: null };
      }
      return {
        state: {
          ...state,
          size: event.size,
          // While an own request is under way, another's size is one that ours will follow.
          owner: state.owner && (state.asked !== null || sameSize(event.size, state.fit)),
        },
        ask: null,
      };
    case 'answered':
      return sameSize(event.size, state.asked)
        ? { state: { ...state, size: event.size, asked: null }, ask: null }
        : { state, ask: null };
    case 'refused':
      return { state: { ...state, asked: null }, ask: null };
    case 'attached':
      // What the person did while there was no connection takes effect now, unless another window was used since.
      return state.owner && sameSize(event.size, state.size) ? askIfNeeded(state) : { state, ask: null };
  }
}

function askIfNeeded(state: SizeState): SizeStep {
  if (state.fit === null || state.size === null) return { state, ask: null };
  const present = state.asked ?? state.size;
  if (sameSize(present, state.fit)) return { state, ask: null };
  return { state: { ...state, asked: state.fit }, ask: state.fit };
}

/** Whether the terminal has another size than this view for a while, so that it must be scrolled to be read. */
export function sizedOtherwise(state: SizeState): boolean {
  const { fit, size, asked } = state;
  return asked === null && fit !== null && size !== null && !sameSize(fit, size);
}

/** Whether the view says that another window set the size. */
export function sizedElsewhere(state: SizeState): boolean {
  return !state.owner && sizedOtherwise(state);
}
