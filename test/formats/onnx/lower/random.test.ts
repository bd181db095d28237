import fc from 'fast-check';
import type { Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { configure, insert, move, remove, replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { CHECKER_OPSET, checkModels, checkerVersion } from '../../../support/onnx-checker.js';
import { runModel } from '../../../support/runtime.js';
import { expectSound, rewrite } from './lowering.js';
import { buildRandom, randomGraph } from './random-graphs.js';
import type { RandomGraph } from './random-graphs.js';

/** `DROPLINT_RANDOM_RUNS=5000 npx vitest run test/formats/onnx/lower/random` looks further. */
const RUNS = Number(process.env.DROPLINT_RANDOM_RUNS ?? 80);

interface RandomEdit {
  readonly kind: number;
  readonly dropout: number;
  readonly target: number;
  /** Goes into the fix of the edit before it. */
  readonly joined: boolean;
}

const randomEdit: fc.Arbitrary<RandomEdit> = fc.record({ kind: fc.nat(13), dropout: fc.nat(20), target: fc.nat(40), joined: fc.boolean() });

/** Edits of the dropouts of all graphs, with any layer of the same graph as target: at inference every one of them is the identity. */
function editOf(graphs: readonly Graph[], { kind, dropout: n, target: m }: RandomEdit, opset: number): Edit | undefined {
  const hasRandom = opset < 22;
  const dropouts = graphs.flatMap((graph) => graph.layersOf('dropout'));
  const dropout = dropouts[n % Math.max(1, dropouts.length)];
  const { layers } = dropout?.graph ?? graphs[0]!;
  const target = layers[m % layers.length];
  const spec: DropoutSpec = { kind: 'dropout', rate: 0.25, unit: m % 5 === 0 ? 'channel' : 'element', training: false };
  if (kind === 7) return target && insert(spec).before(target);
  if (kind === 8) return target && insert(spec).after(target);
  if (!dropout || !target || (kind < 4 && target === dropout)) return undefined;
  if (kind < 2) return move(dropout).after(target);
  if (kind < 4) return move(dropout).before(target);
  if (kind === 4) return remove(dropout);
  if (kind === 5) return replace(dropout, { ...spec, rate: 'keep', unit: 'channel' });
  if (kind > 9 && opset < 12) return undefined;
  if (kind > 9) return replace(dropout, { kind: 'dropout', rate: 'keep', unit: 'element', law: kind === 10 || !hasRandom ? 'alpha' : kind === 11 ? 'gaussian' : 'concrete', asFunction: m % 2 === 0, ...(m % 3 === 0 && { mode: 'input' }) });
  return configure(dropout, kind === 6 ? { rate: 0.125 } : m % 2 ? { trainingMode: false } : { removeSeed: true });
}

function fixesOf(graphs: readonly Graph[], edits: readonly RandomEdit[], opset: number): readonly (readonly Edit[])[] {
  const fixes: Edit[][] = [];
  for (const each of edits) {
    const edit = editOf(graphs, each, opset);
    if (!edit) continue;
    if (each.joined && fixes.length > 0) fixes.at(-1)!.push(edit);
    else fixes.push([edit]);
  }
  return fixes;
}

const difference = (a: Tensor | undefined, b: Tensor | undefined): number => {
  if (!a || !b || a.dims.join() !== b.dims.join() || a.type !== b.type) return Infinity;
  const [x, y] = [a.data, b.data] as [Float32Array, Float32Array];
  let largest = 0;
  for (let i = 0; i < x.length; i += 1) if (!Object.is(x[i], y[i]) && x[i] !== y[i]) largest = Math.max(largest, Math.abs(x[i]! - y[i]!) / (1 + Math.abs(x[i]!)));
  return largest;
};

/** Files for onnx.checker, with what made them. */
const checked: [made: string, bytes: Uint8Array][] = [];
const outcomes = { applied: 0, refused: 0 };

async function expectSameInference(graph: RandomGraph, edits: readonly RandomEdit[]): Promise<void> {
  const bytes = buildRandom(graph);
  const rewritten = rewrite(bytes, (graphs) => fixesOf(graphs, edits, graph.opset));
  for (const refusal of rewritten.refusals) outcomes[refusal === undefined ? 'applied' : 'refused'] += 1;
  // Functions, switches and what is learned stand in the frame.
  await expectSound(rewritten, 'random', { runs: false, ...(edits.some(({ kind }) => kind > 9) && { lost: /./ }) });
  if (graph.opset <= CHECKER_OPSET && checked.length < 400 + RUNS / 2) checked.push([JSON.stringify([graph, edits]), rewritten.bytes]);
  for (const level of ['disabled', 'all'] as const) {
    const [before, after] = [await runModel(bytes, level), await runModel(rewritten.bytes, level)];
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const name of Object.keys(before)) expect(difference(before[name], after[name]), `${name} at ${level}`).toBeLessThanOrEqual(level === 'disabled' ? 0 : 1e-4);
  }
  // What was refused leaves no trace.
  const applied = rewritten.refusals.flatMap((refusal, i) => (refusal === undefined ? [i] : []));
  const alone = rewrite(bytes, (graphs) => fixesOf(graphs, edits, graph.opset).filter((_, i) => applied.includes(i)));
  expect(Buffer.from(alone.bytes).equals(rewritten.bytes)).toBe(true);
  expect(alone.refusals.every((refusal) => refusal === undefined)).toBe(true);
}

it(`random edits of ${RUNS} random graphs: sound files, equal inference`, async () => {
  await fc.assert(fc.asyncProperty(randomGraph, fc.array(randomEdit, { minLength: 1, maxLength: 5 }), expectSameInference), { numRuns: RUNS, ...(process.env.DROPLINT_RANDOM_RUNS ? {} : { seed: 20_240_601 }) });
  expect(outcomes.applied).toBeGreaterThan(outcomes.refused);
}, 60_000 + RUNS * 2_000);

it.skipIf(!checkerVersion())('and onnx.checker accepts them with full_check (needs python3-onnx)', () => {
  expect(checkModels(checked.map(([, bytes]) => bytes)).flatMap((error, i) => (error ? [`${error} ${checked[i]![0]}`] : []))).toEqual([]);
}, 300_000);
