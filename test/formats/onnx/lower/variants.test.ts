/** Every variant in the place of every form of dropout: written, recognised again, proven, and taken back. */
import { afterAll, describe, expect, it } from 'vitest';
import { configure, insert, remove, replace, schedule } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { DropoutLayer, Layer } from '../../../../src/graph/layers.js';
import { prove } from '../../../../src/verify/index.js';
import { Pool } from '../../../../src/verify/pool.js';
import { checkerVersion } from '../../../support/onnx-checker.js';
import { byOutcome, complaintsAbout, expectSound, graphsOf, rewrite } from './lowering.js';
import type { Rewritten } from './lowering.js';
import { forms, masks, wiring } from './structures.js';
import type { Structure } from './structures.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

const all = (graphs: readonly Graph[]): readonly DropoutLayer[] => graphs.flatMap((graph) => graph.layersOf('dropout'));
const weighted = (graphs: readonly Graph[]): Layer | undefined => graphs.flatMap((graph) => graph.layers).find((layer) => layer.kind === 'linear' || layer.kind === 'convolution');

const spec = (more: Partial<DropoutSpec>): DropoutSpec => ({ kind: 'dropout', rate: 'keep', unit: 'element', ...more });

/** float16 keeps eleven bits of log α. */
const isNear = (a: number | undefined, b: number | undefined): boolean => a === b || Math.abs((a ?? 0) - (b ?? 0)) < 1e-4;

interface Variant {
  edits(dropout: DropoutLayer, graphs: readonly Graph[]): readonly Edit[] | undefined;
  /** Holds of the dropout that was rewritten, or of one that came. */
  readonly is: (layer: DropoutLayer, old: DropoutLayer) => boolean;
}

const law = (of: NonNullable<DropoutSpec['law']>, more: Partial<DropoutSpec> = {}): Variant => ({
  edits: (dropout) => [replace(dropout, spec({ law: of, ...more }))],
  is: (layer, old) => layer.law === of && layer.unit === 'element' && isNear(layer.rate, old.rate) && (more.mode === 'input' || layer.state === old.state || old.state === 'unspecified'),
});

const VARIANTS: Readonly<Record<string, Variant>> = {
  variational: law('gaussian', { mode: 'input' }),
  'variational (function)': law('gaussian', { mode: 'input', asFunction: true }),
  concrete: law('concrete', { mode: true }),
  alpha: law('alpha'),
  'alpha (function)': law('alpha', { asFunction: true }),
  'spatial (function)': { edits: (dropout) => [replace(dropout, spec({ unit: 'channel', asFunction: true }))], is: (layer, old) => layer.unit === 'channel' && layer.rate === old.rate },
  dropconnect: { edits: (dropout, graphs) => { const layer = weighted(graphs); return layer && [insert(spec({ rate: 0.25, unit: 'weight' })).before(layer), remove(dropout)]; }, is: (layer) => layer.unit === 'weight' && layer.rate === 0.25 },
  'dropconnect (function)': { edits: (_, graphs) => { const layer = weighted(graphs); return layer && [insert(spec({ rate: 0.25, unit: 'weight', asFunction: true, training: true })).before(layer)]; }, is: (layer) => layer.unit === 'weight' && layer.rate === 0.25 },
  'mode as an input': { edits: (dropout) => [configure(dropout, { trainingMode: 'input' })], is: (layer) => layer.state !== 'off' },
  scheduled: { edits: (dropout) => [schedule([dropout], { kind: 'linear', epochs: 10 })], is: (layer, old) => layer.rate === old.rate && !layer.rateIsConstant },
};

const written: [label: string, bytes: Uint8Array][] = [];
const REPLACED = /./;
/** onnxruntime has no random operators from opset 22 on. */
const NO_KERNEL = /variational|concrete/;

async function proven({ before, after }: Rewritten, { name }: Structure): Promise<string> {
  // onnxruntime rounds float16 in other places when it has fewer kernels between.
  const tolerance = name === 'float16' ? { ulp: 1 << 15, relative: 2 ** -9 } : undefined;
  const proof = await prove(before, after, 'inference-exact', { pool, measuresNew: true, ...(tolerance && { tolerance }) });
  return proof.verdict === 'proven' ? '' : `${proof.verdict}: ${proof.reason}`;
}

async function outcome(structure: Structure, kind: string): Promise<string> {
  const { name, bytes, runs } = structure;
  const { edits: editsFor, is } = VARIANTS[kind]!;
  const label = `${name}: ${kind}`;
  let edits: readonly Edit[] | undefined;
  let old: DropoutLayer | undefined;
  const rewritten = rewrite(bytes, (graphs) => {
    [old] = all(graphs);
    edits = old && editsFor(old, graphs);
    return edits ? [edits] : [];
  });
  if (!edits || !old) return 'not applicable';
  if (rewritten.refusals[0] !== undefined) {
    expect(Buffer.from(rewritten.bytes).equals(bytes), `${label}: refused, and the file left alone`).toBe(true);
    return rewritten.refusals[0];
  }
  const hasKernel = !NO_KERNEL.test(kind) || !name.startsWith('opset 22');
  await expectSound(rewritten, label, { runs: runs && hasKernel, lost: REPLACED });
  const known = new Set(all(graphsOf(rewritten.before)).map(({ key }) => key));
  const found = all(graphsOf(rewritten.after)).filter(({ key }) => key === old!.key || !known.has(key));
  expect(found.some((layer) => is(layer, old!)), `${label}: recognised again among ${found.map(({ key, law: its, unit, rate, state }) => `${key} ${its} ${unit} ${rate} ${state}`).join('; ')}`).toBe(true);
  if (runs) expect(await proven(rewritten, structure), label).toMatch(hasKernel ? /^$/ : /^unverifiable: Not executable: onnxruntime has no kernel for Random/);
  written.push([label, rewritten.bytes]);
  if (!kind.includes('dropconnect') && !kind.includes('mode') && kind !== 'scheduled') await expectTakenBack(rewritten, found[0]!.key, structure, label);
  return runs && hasKernel ? 'proven' : 'written';
}

/** Back to plain dropout, and away altogether: both compute what the first model did. */
async function expectTakenBack({ before, bytes }: Rewritten, key: string, structure: Structure, label: string): Promise<void> {
  for (const [what, edit] of [['back', (layer: DropoutLayer) => replace(layer, spec({}))], ['away', (layer: DropoutLayer) => remove(layer)]] as const) {
    const taken = rewrite(bytes, (graphs) => all(graphs).filter((layer) => layer.key === key).map((layer) => [edit(layer)]));
    expect(taken.refusals, `${label}: ${what}`).toEqual([undefined]);
    const [layer] = all(graphsOf(taken.after)).filter((each) => each.key === key);
    if (what === 'back') expect([layer?.law, layer?.unit, layer?.form], `${label}: ${what}`).toEqual(['bernoulli', 'element', 'operator']);
    else expect(layer, `${label}: ${what}`).toBeUndefined();
    await expectSound(taken, `${label}: ${what}`, { runs: structure.runs, lost: REPLACED });
    if (structure.runs) expect(await proven({ ...taken, before }, structure), `${label}: ${what}`).toBe('');
  }
}

describe.each([['forms', forms], ['masks', masks], ['wiring', wiring]] as const)('%s', (_, structures) => {
  it.each(Object.keys(VARIANTS))('%s', async (kind) => {
    expect(await byOutcome(structures, (structure) => outcome(structure, kind))).toMatchSnapshot();
  }, 240_000);
});

it.skipIf(!checkerVersion())('every rewritten file passes onnx.checker with full_check (needs python3-onnx)', () => {
  expect(complaintsAbout(written)).toEqual([]);
}, 120_000);
