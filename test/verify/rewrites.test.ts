/** Rewrites done wrong in every way that one node allows: none may be proven. */
import { afterAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { OnnxDocument } from '../../src/formats/onnx/document.js';
import { readTensor } from '../../src/formats/onnx/wire/tensors.js';
import { ModelEditor } from '../../src/formats/onnx/wire/editor.js';
import type { EditableBody } from '../../src/formats/onnx/wire/editable-body.js';
import type { FunctionRecord, GraphRecord, NodeRecord } from '../../src/formats/onnx/wire/records.js';
import { insert, replace } from '../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../src/graph/edits.js';
import type { Graph } from '../../src/graph/graph.js';
import { prove } from '../../src/verify/index.js';
import { Pool } from '../../src/verify/pool.js';
import { rewrite } from '../formats/onnx/lower/lowering.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

const spec = (more: Partial<DropoutSpec>): DropoutSpec => ({ kind: 'dropout', rate: 'keep', unit: 'element', ...more });
const dropped = (graphs: readonly Graph[], more: Partial<DropoutSpec>): Edit[][] => graphs.flatMap((graph) => graph.layersOf('dropout')).map((layer) => [replace(layer, spec(more))]);

const MLP = toOnnx('linear(48) → relu → dropout(0.25) → linear(10)', { opset: 17 });
const CNN = toOnnx('input(3,8,8) → conv2d(6) → relu → dropout(0.25) → conv2d(4) → flatten → linear(10)', { opset: 17 });
const LSTM = toOnnx('input(6,8) → linear(16) → lstm(16) → linear(10)', { opset: 17 });

const REWRITES: Readonly<Record<string, readonly [model: Uint8Array, fixes: (graphs: readonly Graph[]) => readonly (readonly Edit[])[]]>> = {
  variational: [MLP, (graphs) => dropped(graphs, { law: 'gaussian', mode: 'input' })],
  'variational (function)': [MLP, (graphs) => dropped(graphs, { law: 'gaussian', mode: 'input', asFunction: true })],
  concrete: [MLP, (graphs) => dropped(graphs, { law: 'concrete', mode: 'input' })],
  alpha: [MLP, (graphs) => dropped(graphs, { law: 'alpha' })],
  'alpha (function)': [MLP, (graphs) => dropped(graphs, { law: 'alpha', asFunction: true })],
  spatial: [CNN, (graphs) => dropped(graphs, { unit: 'channel' })],
  'spatial (function)': [CNN, (graphs) => dropped(graphs, { unit: 'channel', asFunction: true })],
  recurrent: [LSTM, (graphs) => graphs.flatMap((graph) => graph.layersOf('recurrent')).map((layer) => [insert(spec({ rate: 0.25, unit: 'time', training: true })).before(layer), insert(spec({ rate: 0.25, unit: 'state', training: true })).before(layer)])],
};

interface Mutant {
  readonly what: string;
  readonly document: OnnxDocument;
}

const COMMUTATIVE = new Set(['Add', 'Mul', 'Where']);

/** Of each node that the rewrite wrote: operands swapped, another operator, another number. */
function* mutantsOf(before: OnnxDocument, after: OnnxDocument): Generator<Mutant> {
  const old = new Set(before.record.graph.nodes.map((node) => JSON.stringify([node.opType, node.name, node.outputs])));
  const bodies: (GraphRecord | FunctionRecord)[] = [after.record.graph, ...after.record.functions];
  for (const body of bodies) {
    for (const node of body.nodes) {
      if (body === after.record.graph && old.has(JSON.stringify([node.opType, node.name, node.outputs]))) continue;
      for (const [how, mutate] of mutationsOf(after, node)) {
        const editor = new ModelEditor(after.record);
        mutate(editor.body(body));
        yield { what: `${node.opType} ${node.outputs[0]}: ${how}`, document: OnnxDocument.from(after.file, editor.apply()) };
      }
    }
  }
}

function* mutationsOf({ record }: OnnxDocument, node: NodeRecord): Generator<readonly [string, (body: EditableBody) => void]> {
  const swap = (a: number, b: number) => (body: EditableBody) => {
    const edit = body.nodeOf(node);
    [edit.inputs[a], edit.inputs[b]] = [edit.inputs[b]!, edit.inputs[a]!];
  };
  if (node.inputs.length === 2 && !COMMUTATIVE.has(node.opType)) yield ['operands swapped', swap(0, 1)];
  if (node.opType === 'Where') yield ['branches swapped', swap(1, 2)];
  const other = { Add: 'Sub', Mul: 'Add', Sub: 'Add', Div: 'Mul', Exp: 'Sigmoid', Sigmoid: 'Tanh', Log: 'Exp', Sqrt: 'Exp', RandomNormalLike: 'RandomUniformLike' }[node.opType];
  if (other) {
    yield [`${other} in its place`, (body) => {
      body.insert({ opType: other, name: node.name, inputs: [...node.inputs], outputs: [...node.outputs], attributes: [] }, { before: body.nodeOf(node) });
      body.remove(body.nodeOf(node));
    }];
  }
  const tensor = node.opType === 'Constant' ? node.attributes.find(({ name }) => name === 'value')?.tensor : undefined;
  const values = tensor && Array.from(readTensor(record, tensor, 4096) ?? []);
  // Another rate, and another mode, are another dropout and not a wrong one.
  if (tensor && values && tensor.dataType !== 9 && !/ratio|training_mode/.test(node.outputs[0]!)) {
    const changed = values.map((value) => (value === 0 ? 1 : value * 2));
    yield ['another number', (body) => body.nodeOf(node).setAttribute({ name: 'value', tensor: { dataType: tensor.dataType, dims: tensor.dims, values: changed } })];
  }
}

describe.each(Object.keys(REWRITES))('%s', (name) => {
  it('is proven, and none of its mutants is', async () => {
    const [model, fixes] = REWRITES[name]!;
    const { before, after, refusals } = rewrite(model, fixes);
    expect(refusals.filter(Boolean)).toEqual([]);
    const proofOf = (document: OnnxDocument) => prove(before, document, 'inference-exact', { pool, measuresNew: true });
    expect(await proofOf(after)).toMatchObject({ verdict: 'proven' });
    const missed: string[] = [];
    let count = 0;
    for (const { what, document } of mutantsOf(before, after)) {
      count += 1;
      const { verdict } = await proofOf(document);
      if (verdict === 'proven') missed.push(what);
    }
    expect(missed).toEqual([]);
    expect(count).toBeGreaterThan(1);
  }, 120_000);
});
