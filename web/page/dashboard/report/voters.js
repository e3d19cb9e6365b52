// Ten voters for shares of many.

const VOTERS = 10;

/**
 * How many of ten each share is, ten together: what is over goes to the largest remainders.
 *
 * @param {number[]} shares
 */
export function splitVoters(shares) {
  const exact = shares.map((share) => share * VOTERS);
  const counts = exact.map(Math.floor);
  const order = exact.map((value, i) => ({ i, over: value - counts[i] })).sort((a, b) => b.over - a.over);
  const left = VOTERS - counts.reduce((total, count) => total + count, 0);
  for (const { i } of order.slice(0, left)) counts[i] += 1;
  return counts;
}
