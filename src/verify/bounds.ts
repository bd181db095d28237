/** Bounds that hold with a stated probability of error, derived and not tuned. */

/** Of each test, both sides together. */
export const ERROR_PROBABILITY = 1e-9;

/** Two-sided quantile of the normal law: P(|Z| > z) = 10⁻⁹. */
export const NORMAL_QUANTILE = 6.109410204869;

/**
 * Whether k successes in n independent trials of probability p are credible. By Chernoff's bound in Hoeffding's form
 * (1963, Theorem 1): P(k/n ≥ q) ≤ exp(−n·KL(q‖p)) for q ≥ p, and the same below; both sides get half of the error.
 */
export function isCredibleCount(k: number, n: number, p: number): boolean {
  if (n === 0) return true;
  return n * divergence(k / n, p) <= Math.log(2 / ERROR_PROBABILITY);
}

/** Kullback–Leibler divergence of two Bernoulli laws, in nats. */
export function divergence(q: number, p: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return term(q, p) + term(1 - q, 1 - p);
}

/** The largest |k/n − p| that is credible. */
export function credibleDeviation(n: number, p: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const within = [p + middle, p - middle].some((q) => q >= 0 && q <= 1 && n * divergence(q, p) <= Math.log(2 / ERROR_PROBABILITY));
    if (within) low = middle;
    else high = middle;
  }
  return low;
}
