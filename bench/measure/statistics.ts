/** The middle of the sorted values; of an even number the mean of both in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many times more `others` took, round by round: what slows a whole round down cancels out. */
export const medianRatio = (others: readonly number[], own: readonly number[]): number => median(others.map((value, round) => value / own[round]!));
