/** Which terminal is shown when the list changes, and which comes next or before. Pure. */

/** The one to show: the chosen one while it is there, else its neighbour in the former list, else the first. */
export function shownAfter(
  chosen: string | null,
  former: readonly string[],
  now: readonly string[],
): string | null {
  if (chosen !== null && now.includes(chosen)) return chosen;
  if (chosen !== null) {
    const place = former.indexOf(chosen);
    if (place >= 0) {
      const after = former.slice(place + 1).find((id) => now.includes(id));
      const before = former
        .slice(0, place)
        .reverse()
        .find((id) => now.includes(id));
      return after ?? before ?? now[0] ?? null;
    }
  }
  return now[0] ?? null;
}

/** The neighbour in a ring; null in an empty list. */
export function neighbour(chosen: string | null, list: readonly string[], step: 1 | -1): string | null {
  if (list.length === 0) return null;
  const place = chosen === null ? -1 : list.indexOf(chosen);
  if (place < 0) return list[0] ?? null;
  return list[(place + step + list.length) % list.length] ?? null;
}
