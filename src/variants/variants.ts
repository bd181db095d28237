/** The variants of dropout that a graph or code can be rewritten to (rules.md, "Variants"). */
export const VARIANTS = ['dropout', 'inference', 'train', 'spatial', 'dropconnect', 'recurrent', 'variational', 'scheduled', 'alpha', 'legacy'] as const;
export type Variant = (typeof VARIANTS)[number];

export const FORMS = ['gaussian', 'concrete'] as const;
export type Form = (typeof FORMS)[number];

/** Of a dropout that is put where there was none. */
export const DEFAULT_RATE = 0.5;
