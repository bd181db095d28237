/** What is spoilt: the zoo at small widths, real exporter output, and chains that hold what these lack. */
import fs from 'node:fs';
import path from 'node:path';
import { ZOO } from '../../../fixtures/zoo/index.js';
import { dropout } from '../../../fixtures/builders/dropout-forms.js';
import { Model } from '../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../fixtures/builders/onnx.js';
import { toOnnx } from '../../support/chain.js';
import type { OnnxOptions } from '../../support/chain.js';
import type { Source } from './run.js';

const width = (full: number): number => Math.max(4, Math.round(full / 32));

/** Architectures of the zoo that run in milliseconds at this width. */
const SMALL_NODES = 400;

export function zoo(): Source[] {
  return ZOO.flatMap(({ name, chain, since = 7 }, k) => {
    const opset = Math.max(since, [13, 17, 18][k % 3]!);
    const bytes = toOnnx(chain(width), { opset });
    return bytes.length < 2_000_000 && chain(width).length < SMALL_NODES * 12 ? [{ name: `${name} (opset ${opset})`, bytes }] : [];
  });
}

const CHAINS: readonly (readonly [string, OnnxOptions])[] = [
  ['input(8) → linear(8) → dropout(0.3) → relu → linear(8) → sigmoid → dropout(0.25) → linear(8) → tanh → linear(4) → softmax', { opset: 13 }],
  ['input(8) → linear(8) → batch-norm → relu → dropout(0.4) → residual{ linear(8) → tanh → dropout(0.2) → linear(8) } → linear(8) → elu → linear(4)', { opset: 17 }],
  ['input(3,12,12) → conv2d(8) → batch-norm → relu → dropout(0.2) → conv2d(8) → leaky-relu → max-pool(2) → dropout(0.3) → conv2d(8) → global-avg-pool → flatten → dropout(0.5) → linear(8) → sigmoid → linear(4)', { opset: 11 }],
  ['tokens(6) → embedding(20,8) → layer-norm → self-attention(2,dropout=0.1) → dropout(0.1) → linear(8) → gelu → dropout(0.2) → linear(8) → mean-time → linear(4)', { opset: 17 }],
  ['tokens(6) → embedding(20,8) → dropout(0.2) → lstm(8) → dropout(0.3) → gru(8,last=true) → linear(4) → log-softmax', { opset: 14 }],
  ['input(8) → add{ dropout(0.5) → linear(6) | dropout(0.5) → linear(6) } → relu → dropout(0.3) → add{ linear(6) → sigmoid | linear(6) } → linear(4)', { opset: 13 }],
  ['tokens(4) → embedding(20,8) → self-attention(2,dropout=0.1) → residual{ dropout(0.2) → linear(8) } → mean-time → linear(4)', { opset: 13 }],
  ['input(3,8,8) → conv2d(8) → relu → lrn → dropout(0.3) → conv2d(4) → global-avg-pool → flatten → linear(4)', { opset: 13, mask: 'output' }],
  ['input(4,4) → dropout(0.2) → transpose → linear(4) → hard-swish → dropout(0.1) → linear(4) → softmax', { opset: 15 }],
];

function chains(): Source[] {
  return CHAINS.flatMap(([chain, options], k) => [
    { name: `chain ${k + 1} (opset ${options.opset})`, bytes: toOnnx(chain, options) },
    { name: `chain ${k + 1} (opset ${options.opset}, symbolic batch)`, bytes: toOnnx(chain, { ...options, batch: 'symbolic', naming: 'dynamo', form: options.opset! < 12 ? 'attribute' : 'constant' }) },
  ]);
}

/** A condition chooses between two layers, each with a dropout. */
export function branching(opset: number, [first, second]: readonly [string, string], rate: number): Uint8Array {
  const model = new Model({ opset });
  const { graph } = model;
  const x = graph.input('input', [2, 6]);
  const condition = graph.input('condition', [], 'bool');
  const [weight, other] = ['Gemm', 'MatMul'].map((operator, k) => graph.parameter(operator, `layer${k}`, 'weight', [6, 6], 6));
  const branch = (name: string, w: Tensor, activation: string): Body => model.subgraph(name, (body) => {
    const dropped = dropout(body, body.node('MatMul', [x, w], { scope: name }), { rate, scope: `${name}.drop` });
    body.output(body.node('MatMul', [body.node(activation, [dropped], { scope: name }), w], { scope: `${name}.last` }));
  });
  const chosen = graph.node('If', [condition], { attributes: { then_branch: branch('then', weight!, first), else_branch: branch('else', other!, second) }, shape: [2, 6], type: 'float32' });
  graph.output(graph.node('Sigmoid', [chosen]), 'output');
  return model.encode();
}

/** Real exporter output, where the shared data is there. */
export function exported(folder: string): Source[] {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).filter((file) => file.endsWith('.onnx')).map((file) => ({ name: file, bytes: fs.readFileSync(path.join(folder, file)) }));
}

export const handmade = (): Source[] => [...chains(), { name: 'branching (opset 16)', bytes: branching(16, ['Tanh', 'Relu'], 0.25) }];
