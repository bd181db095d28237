/** The flags of `droplint rewrite`, and with which variants and formats each makes sense. */
import type { Document } from '../formats/document.js';
import type { ScheduleSettings } from '../graph/edits.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import type { ScheduleKind } from '../variants/schedules.js';
import { DEFAULT_RATE, VARIANTS, type Form, type Variant } from '../variants/variants.js';
import { OWN_OPTIONS, scheduleFrom } from './schedule-flags.js';

export interface RewriteFlags {
  to: Variant;
  where?: string;
  output?: string;
  rate?: number;
  trainingMode?: boolean | 'input';
  form?: Form;
  asFunction?: boolean;
  examples?: number;
  schedule?: ScheduleKind;
  epochs?: number;
  gamma?: number;
  cutoff?: number;
  diff?: boolean;
  verify: boolean;
  format: 'text' | 'json';
}

type Flag = 'rate' | 'trainingMode' | 'form' | 'asFunction' | 'examples' | 'schedule' | 'epochs' | 'gamma' | 'cutoff';

const LAWS = ['dropconnect', 'recurrent', 'variational', 'alpha'] as const;

/** Every flag that not every variant has a use for. */
const USES: Readonly<Record<Flag, readonly Variant[]>> = {
  rate: ['dropout', 'spatial', ...LAWS, 'scheduled'],
  trainingMode: ['dropout', 'train', 'spatial', ...LAWS],
  form: ['variational'],
  asFunction: ['spatial', ...LAWS],
  examples: ['variational'],
  schedule: ['scheduled'],
  epochs: ['scheduled'],
  gamma: ['scheduled'],
  cutoff: ['scheduled'],
};

const KINDS: Readonly<Partial<Record<Flag, readonly ScheduleKind[]>>> = OWN_OPTIONS;

const spelled = (flag: Flag): string => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const listed = (words: readonly string[]): string => new Intl.ListFormat('en', { type: 'disjunction', style: 'long' }).format(words).replace(/, or /, ' or ');

const requires = (flag: Flag, option: string, values: readonly string[], given: string): void => {
  if (values.includes(given)) return;
  throw new ConfigurationError(`${spelled(flag)} is for --${option} ${listed(values)}${values.length > 1 ? `, not for ${given}` : ''}.`);
};

/** What makes no sense, whatever the file is. */
export function checkFlags(flags: RewriteFlags): void {
  const { to, trainingMode, examples, schedule } = flags;
  for (const [name, variants] of Object.entries(USES)) {
    const flag = name as Flag;
    if (flags[flag] === undefined) continue;
    requires(flag, 'to', VARIANTS.filter((variant) => variants.includes(variant)), to);
    if (KINDS[flag] && schedule) requires(flag, 'schedule', KINDS[flag], schedule);
  }
  if (to === 'train' && trainingMode === false) throw new ConfigurationError('--to train switches dropout on: --training-mode is input or true there.');
  if (examples !== undefined && !(Number.isInteger(examples) && examples > 0)) throw new ConfigurationError(`--examples is a number of training examples, not ${examples}.`);
}

/** What makes no sense for such a file. */
export function checkFormat({ format }: Document, flags: RewriteFlags): void {
  if (format === 'onnx') {
    if (flags.examples !== undefined) throw new ConfigurationError('--examples is for code: an ONNX model has no loss that it would be of.');
    return;
  }
  if (flags.to === 'train') throw new ConfigurationError('--to train is for ONNX models: TensorFlow.js switches dropout on in fit, and off in predict, by itself.');
  if (flags.to === 'legacy') throw new ConfigurationError('--to legacy is for ONNX models: TensorFlow.js has no dropout but the inverted one.');
  for (const flag of ['trainingMode', 'asFunction'] as const) if (flags[flag] !== undefined) throw new ConfigurationError(`${spelled(flag)} is for ONNX models.`);
  if (flags.examples !== undefined && format !== 'code') throw new ConfigurationError('--examples is for code.');
}

export function scheduleOf({ to, schedule: kind, epochs, gamma, cutoff, rate }: RewriteFlags): ScheduleSettings | undefined {
  if (to !== 'scheduled') return undefined;
  if (!kind || epochs === undefined) throw new ConfigurationError('--to scheduled needs --schedule <kind> and --epochs <number>.');
  const options = { epochs, ...(gamma !== undefined && { gamma }), ...(cutoff !== undefined && { cutoff }) };
  scheduleFrom(kind, { rate: rate ?? DEFAULT_RATE, ...options });
  return { kind, ...options };
}
