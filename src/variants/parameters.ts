import type { Parameter } from './template.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (p: number): number => Math.log(p) - Math.log1p(-p);

export const RATIO: Parameter = { name: 'ratio', rateOf: (ratio) => ratio, valueOf: (rate) => rate, isLearned: false };

/**
 * Gaussian dropout with the noise variance α = p/(1 − p) has mean and variance of a dropout of rate p (Srivastava et al. 2014,
 * §10; Kingma et al. 2015, §3): log α is the logit of p.
 */
export const LOG_ALPHA: Parameter = { name: 'log_alpha', rateOf: sigmoid, valueOf: logit, isLearned: true };

/** The probability of dropping p as its logit, free over the reals (Gal et al. 2017). */
export const LOGIT_P: Parameter = { name: 'logit_p', rateOf: sigmoid, valueOf: logit, isLearned: true };
