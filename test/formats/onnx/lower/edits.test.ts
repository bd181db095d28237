import { afterAll, describe, expect, it } from 'vitest';
import { classify } from '../../../../src/graph/commutation.js';
import { configure, insert, move, remove, replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { DropoutLayer, Layer } from '../../../../src/graph/layers.js';
import { Pool } from '../../../../src/verify/pool.js';
import { checkerVersion } from '../../../support/onnx-checker.js';
import { byOutcome, complaintsAbout, expectProven, expectSound, rewrite } from './lowering.js';
import { forms, masks, wiring } from './structures.js';
import type { Structure } from './structures.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

interface Scene {
  readonly dropout: DropoutLayer;
  readonly graph: Graph;
}

/** The first dropout, in whichever graph. */
function sceneOf(graphs: readonly Graph[]): Scene {
  const graph = graphs.find((each) => each.layersOf('dropout').length > 0)!;
  return { dropout: graph.layersOf('dropout')[0]!, graph };
}

const spec = (unit: DropoutSpec['unit'] = 'element'): DropoutSpec => ({ kind: 'dropout', rate: 0.125, unit, training: true });
const behind = ({ dropout, graph }: Scene): Layer | undefined => graph.layers.slice(graph.layers.indexOf(dropout) + 1).find((layer) => layer.kind === 'activation');
const weighted = ({ graph }: Scene): Layer | undefined => graph.layers.findLast((layer) => layer.kind === 'linear' || layer.kind === 'convolution');

/** Each edit of one dropout, where the graph has what it needs. */
const EDITS: Readonly<Record<string, (scene: Scene) => readonly Edit[] | undefined>> = {
  'move after': (scene) => { const target = behind(scene); return target && [move(scene.dropout).after(target)]; },
  'move before': ({ dropout }) => dropout.inputs[0]?.producer && [move(dropout).before(dropout.inputs[0].producer)],
  remove: ({ dropout }) => [remove(dropout)],
  'replace (channel)': ({ dropout }) => [replace(dropout, { ...spec('channel'), rate: 'keep' })],
  'insert before': (scene) => { const target = weighted(scene) ?? behind(scene); return target && [insert(spec()).before(target)]; },
  'insert after': (scene) => { const target = behind(scene) ?? weighted(scene); return target && [insert(spec()).after(target)]; },
  'insert (channel)': (scene) => { const target = behind(scene); return target && [insert(spec('channel')).after(target)]; },
  rate: ({ dropout }) => [configure(dropout, { rate: 0.5 })],
  mode: ({ dropout }) => [configure(dropout, { trainingMode: false })],
  seed: ({ dropout }) => [configure(dropout, { removeSeed: true })],
};

/** Files for onnx.checker, with what they are. */
const written: [label: string, bytes: Uint8Array][] = [];

/** `proven`, or why it is refused. */
async function outcome({ name, bytes, runs }: Structure, kind: string): Promise<string> {
  let edits: readonly Edit[] | undefined;
  const rewritten = rewrite(bytes, (graphs) => {
    edits = EDITS[kind]!(sceneOf(graphs));
    return edits ? [edits] : [];
  });
  if (!edits) return 'not applicable';
  const [refusal] = rewritten.refusals;
  const label = `${name}: ${kind}`;
  if (refusal !== undefined) {
    expect(Buffer.from(rewritten.bytes).equals(bytes), `${label}: a refused fix leaves the file alone`).toBe(true);
    return refusal;
  }
  await expectSound(rewritten, label, { runs });
  const claim = classify(edits);
  if (runs) await expectProven(rewritten, claim === 'suggestion' ? 'inference-exact' : claim, pool, label, name === 'float16');
  written.push([label, rewritten.bytes]);
  return runs ? 'proven' : 'written';
}

describe.each([['forms', forms], ['masks', masks], ['wiring', wiring]] as const)('%s', (_, structures) => {
  it.each(Object.keys(EDITS))('%s', async (kind) => {
    expect(await byOutcome(structures, (structure) => outcome(structure, kind))).toMatchSnapshot();
  }, 120_000);
});

it.skipIf(!checkerVersion())('every rewritten file passes onnx.checker with full_check (needs python3-onnx)', () => {
  expect(complaintsAbout(written)).toEqual([]);
}, 120_000);
