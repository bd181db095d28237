/** Check 2: the same outputs in training, when the dropouts of both models draw the same masks. */
import { isReadIn } from '../formats/onnx/wire/bodies.js';
import { BIT_EXACT } from './compare.js';
import { copyPair, obstacleCheck } from './executable.js';
import type { Scope } from './executable.js';
import { OPTIMISED_TOLERANCE, conclude, inScope, runComparison, widest } from './comparison.js';
import type { ExecutedCheck, ExecutionOptions } from './comparison.js';
import { normaliseTrainingOutputs } from './batch-norm.js';
import type { CompareJob } from './jobs.js';
import { Expressions } from './expressions.js';
import { Numbering } from './numbering.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import type { Pool } from './pool.js';
import { DROPOUT_INPUTS_FROM, fixRandomOperators, pairNodes, seedsOf, toTrainingForm } from './randomness.js';
import type { MaskRate } from './randomness.js';
import { contentOf } from './tensor-content.js';

export async function checkSameMask(before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions = {}): Promise<ExecutedCheck> {
  const difference = differenceOfDropouts(before, after);
  if (difference) return { check: { check: 'same-mask', verdict: 'fails', detail: difference } };
  const obstacle = obstacleCheck('same-mask', before, after);
  if (obstacle) return { check: obstacle };
  // Under rate ½ the scale is 2: what is homogeneous is bit-exact then.
  const half = await compareUnder('half', before, after, pool, options);
  if (half.check.verdict !== 'holds' || !ownRatesRun(before, after)) return half;
  const own = await compareUnder('own', before, after, pool, options);
  if (own.check.verdict !== 'holds') return own;
  return own.check.largest ? { ...half, check: { ...half.check, detail: `${half.check.detail} Under the dropouts' own rates: ${lowerFirst(own.check.detail)}` } } : half;
}

function compareUnder(rate: MaskRate, before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions): Promise<ExecutedCheck> {
  return inScope(options.scope ?? 'auto', (scope) => compareIn(scope, rate, before, after, pool, options));
}

async function compareIn(scope: Scope, rate: MaskRate, before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions): Promise<ExecutedCheck> {
  const pair = copyPair(before, after, scope);
  const seeds = seedsOf(pair.before, pair.after);
  const inert = new Set([before, after].flatMap((model) => model.dropouts().filter((dropout) => dropout.rate === 0).map(mainNode)));
  for (const copy of [pair.before, pair.after]) {
    toTrainingForm(copy, seeds, rate, inert);
    fixRandomOperators(copy, seeds);
    normaliseTrainingOutputs(copy);
  }
  const exact = options.tolerance ?? BIT_EXACT;
  const runs: CompareJob['runs'] = [
    { level: 'disabled', keepDropout: true, tolerance: rate === 'half' && !holdsDecomposed(before) ? exact : widest(exact, OPTIMISED_TOLERANCE) },
    { level: 'all', keepDropout: true, tolerance: widest(exact, OPTIMISED_TOLERANCE) },
  ];
  return conclude('same-mask', pair, await runComparison(pair, runs, pool, options));
}

/** A decomposed dropout keeps its own rate, whose scale rounds. */
const holdsDecomposed = (model: OnnxModel): boolean => model.dropouts().some(({ form }) => form === 'decomposed');

/** onnxruntime refuses rates outside [0, 1), and ignores the rate before opset 12. */
function ownRatesRun(before: OnnxModel, after: OnnxModel): boolean {
  return [before, after].every((model) => (model.record.opsets.get('') ?? 0) >= DROPOUT_INPUTS_FROM
    && model.dropouts().every(({ rate }) => rate === undefined || (rate >= 0 && rate < 1)));
}

/** Under `exact` as many dropouts must remain, each with its rate, mode and seed. What it drops together the runs show. */
export function differenceOfDropouts(before: OnnxModel, after: OnnxModel): string | undefined {
  const expressions = new Expressions();
  const [old, now] = [before, after].map((model) => {
    const numbering = new Numbering(model.record, expressions, (tensor) => contentOf(model.record, tensor), []);
    const numberOf = (dropout: RecognisedDropout, name: string): string | number => (dropout.body === model.record.graph ? numbering.numberOf(name) : name);
    return new Map(effective(model).map((dropout) => [mainNode(dropout), describe(dropout, (name) => numberOf(dropout, name))]));
  });
  for (const [x, y] of pairNodes([...old!.keys()], [...now!.keys()])) {
    const name = (x ?? y)!.name || (x ?? y)!.outputs[0];
    if (!x || !y) return `The dropout ${name} is only in the model ${x ? 'before' : 'after'}.`;
    const [a, b] = [old!.get(x)!, now!.get(y)!];
    for (const [property, value] of Object.entries(a)) {
      if (b[property] !== value) return `The dropout ${name} has another ${property} after the edit${typeof value === 'string' ? `: ${value} before, ${b[property]} after` : ''}.`;
    }
  }
  return undefined;
}

const mainNode = ({ nodes }: RecognisedDropout) => nodes.find(({ opType }) => /Dropout$/.test(opType)) ?? nodes.at(-1)!;

/** A dropout at rate 0, or one that nothing reads, drops nothing. */
function effective(model: OnnxModel): readonly RecognisedDropout[] {
  return model.dropouts().filter(({ rate, body, output, mask }) => rate !== 0 && (mask !== undefined || isReadIn(body, output)));
}

function describe(dropout: RecognisedDropout, numberOf: (name: string) => string | number): Record<string, string | number> {
  const node = mainNode(dropout);
  const attribute = (name: string): string => JSON.stringify(node.attributes.filter((candidate) => candidate.name === name).map(({ f, i }) => f ?? i));
  const operand = (k: number): string | number => (node.inputs[k] ? numberOf(node.inputs[k]!) : 'absent');
  const fused = node.domain === 'com.microsoft' && node.opType !== 'BitmaskDropout' ? 2 : 0;
  const isOperator = dropout.form === 'operator';
  return {
    rate: String(dropout.rate ?? 'from the run time'),
    form: dropout.form,
    ...(isOperator && { ratio: operand(1 + fused), training_mode: operand(2 + fused), seed: attribute('seed'), is_test: attribute('is_test') }),
  };
}

const lowerFirst = (text: string): string => text[0]!.toLowerCase() + text.slice(1);
