/** The text gate: decides without parsing, and without loading ts-morph, whether a file may hold model code. */
const MODEL_CODE = /layers\b|sequential|Sequential|@tensorflow\/tfjs|droplint\/tfjs/;
/** Whoever uses TensorFlow.js names it: an import, or something called `tf`. */
const TENSORFLOW = /\btf|tensorflow/i;

/** False only for texts that cannot define a TensorFlow.js model. A model without any dropout passes. */
export const mayContainModel = (text: string): boolean => MODEL_CODE.test(text) && TENSORFLOW.test(text);

/** The extensions that `readCode` understands. */
export const CODE_EXTENSIONS = ['.ts', '.js', '.tsx', '.jsx', '.mts', '.cts', '.mjs', '.cjs', '.html', '.htm', '.vue', '.svelte'] as const;
