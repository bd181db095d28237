/** The variants that are spelled out in operators. */
import { ALPHA } from './alpha.js';
import { CONCRETE } from './concrete.js';
import { DROP_CONNECT } from './drop-connect.js';
import { VARIATIONAL } from './gaussian.js';
import { SEQUENCE, SEQUENCE_BATCH_FIRST, STATE } from './recurrent.js';
import { SPATIAL } from './spatial.js';
import type { Template } from './template.js';

/** The domain of the functions that `--as-function` writes. */
export const FUNCTION_DOMAIN = 'droplint';

export const templates: readonly Template[] = [VARIATIONAL, CONCRETE, ALPHA, ...SPATIAL, DROP_CONNECT, SEQUENCE, SEQUENCE_BATCH_FIRST, STATE];

/** What the reader must put together itself: the others are Dropout operators, which it knows as they stand. */
export const spelledOut: readonly Template[] = [VARIATIONAL, CONCRETE, ALPHA];
