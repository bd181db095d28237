import rule from '../../rules/dropout-before-classifier.js';
import { cases } from '../support/cases.js';
import type { OnnxOptions } from '../support/chain.js';

// The inserted dropout is live from a constant, below opset 12 an attribute: the forms in which the fixed chain prints the same.
const plain: readonly OnnxOptions[] = [{ opset: 7 }, { opset: 10 }, { opset: 12 }, { opset: 13, batch: 'symbolic' }, { opset: 22, valueInfo: true }];
const found = { level: 'info', class: 'inference-exact', onnx: plain } as const;
const strict = { level: 'warn', class: 'inference-exact', onnx: plain, preset: 'strict' } as const;

cases(rule, [
  { chain: 'input(256) → linear(512) → relu → linear(10)', flags: ['linear#2'], ...found, message: /9\d %/, fixed: 'input(256) → linear(512) → relu → dropout(0.5) → linear(10)' },
  { chain: 'input(256) → linear(512) → relu → linear(10) → softmax', flags: ['linear#2'], ...found, fixed: 'input(256) → linear(512) → relu → dropout(0.5) → linear(10) → softmax' },
  { chain: 'conv2d(8,3,stride=2) → relu → flatten → linear(512) → relu → linear(10)', flags: ['linear#2'], ...found, fixed: 'conv2d(8,3,stride=2) → relu → flatten → linear(512) → relu → dropout(0.5) → linear(10)' },
  { chain: 'input(256) → linear(512,as=matmul) → gelu → linear(10,as=matmul)', flags: ['linear#2'], level: 'info', onnx: { opset: 17, naming: 'torchscript' }, fixed: 'input(256) → linear(512,as=matmul) → gelu → dropout(0.5) → linear(10,as=matmul)' },
  { chain: 'input(256) → linear(512) → relu → linear(64) → relu → linear(10)', flags: ['linear#3'], ...found, fixed: 'input(256) → linear(512) → relu → linear(64) → relu → dropout(0.5) → linear(10)' },
  { chain: 'input(256) → linear(512) → relu → linear(10)', flags: ['linear#2'], level: 'info', onnx: plain, options: { rate: 0.3 }, message: /0\.3/, fixed: 'input(256) → linear(512) → relu → dropout(0.3) → linear(10)' },
  {
    chain: 'conv2d(8,3,stride=2) → relu → spatial-dropout(0.1) → conv2d → relu → flatten → linear(512) → relu → linear(10)',
    flags: ['linear#2'],
    level: 'info',
    onnx: [{ opset: 13 }, { opset: 13, state: 'off' }, { opset: 13, form: 'constant', state: 'unspecified' }, { opset: 17, form: 'constant' }, { opset: 18, modeFrom: 'input' }, { opset: 10 }],
    fixed: 'conv2d(8,3,stride=2) → relu → spatial-dropout(0.1) → conv2d → relu → flatten → linear(512) → relu → dropout(0.5) → linear(10)',
    because: 'the mode of the graph’s other dropouts is copied',
  },

  // strict: no exceptions.
  { chain: 'linear(8) → relu → linear(4)', flags: ['linear#2'], ...strict, fixed: 'linear(8) → relu → dropout(0.5) → linear(4)' },
  { chain: 'input(256) → linear(512) → batch-norm → relu → linear(10)', flags: ['linear#2'], ...strict, fixed: 'input(256) → linear(512) → batch-norm → relu → dropout(0.5) → linear(10)' },
  { chain: 'input(256) → linear(512) → relu → linear(1)', flags: ['linear#2'], ...strict, fixed: 'input(256) → linear(512) → relu → dropout(0.5) → linear(1)', because: 'regression' },
  { chain: 'conv2d → relu → global-avg-pool → flatten → linear(10)', flags: ['linear'], ...strict, fixed: 'conv2d → relu → global-avg-pool → flatten → dropout(0.5) → linear(10)' },
  { chain: 'conv2d → dropout(0.2) → relu → flatten → linear(10)', flags: ['linear'], ...strict, onnx: { opset: 13 }, fixed: 'conv2d → dropout(0.2) → relu → flatten → dropout(0.5) → linear(10)', because: 'not right before the flatten' },
  { chain: 'lstm(8,last=true) → linear(4)', flags: ['linear'], ...strict },
  { chain: 'conv2d → relu → auxiliary{ flatten → linear(3) } → flatten → linear(10)', flags: ['linear', 'linear#2'], ...strict, fixed: 'conv2d → relu → auxiliary{ flatten → dropout(0.5) → linear(3) } → flatten → dropout(0.5) → linear(10)', because: 'every output' },
  { chain: 'input(8,64) → residual{ self-attention(2) } → layer-norm → mean-time → linear(2048) → relu → linear(10)', flags: ['linear#2'], ...strict, because: 'a transformer' },

  // recommended is silent.
  { chain: 'linear(8) → relu → linear(4)', flags: [], because: 'too few parameters' },
  { chain: 'input(512) → linear(512) → relu → linear(512) → relu → linear(512) → relu → linear(10)', flags: [], because: 'no layer holds half of the parameters' },
  { chain: 'input(256) → linear(512) → batch-norm → relu → linear(10)', flags: [], because: 'BatchNorm regularises' },
  { chain: 'input(256) → linear(512) → relu → linear(1)', flags: [], because: 'regression' },
  { chain: 'input(8,64) → residual{ self-attention(2) } → layer-norm → mean-time → linear(2048) → relu → linear(10)', flags: [], because: 'a transformer' },
  { chain: 'conv2d → relu → global-avg-pool → flatten → linear(10)', flags: [], because: 'no hidden fully connected layer' },

  // There is one, or there is no head.
  { chain: 'input(256) → linear(512) → relu → dropout(0.5) → linear(10)', flags: [], preset: 'strict' },
  { chain: 'input(256) → linear(512) → relu → dropout(0.5) → linear(10) → softmax', flags: [] },
  { chain: 'input(256) → linear(512) → relu → dropout(0.5) → linear(64) → relu → linear(10)', flags: [], preset: 'strict', because: 'one in the head is enough' },
  { chain: 'conv2d → relu → flatten → dropout(0.5) → linear(512) → relu → linear(10)', flags: [], preset: 'strict' },
  { chain: 'conv2d → relu → dropout(0.5) → flatten → linear(512) → relu → linear(10)', flags: [], preset: 'strict', because: 'right before the flatten' },
  { chain: 'conv2d → relu → dropout(0.5) → global-avg-pool → flatten → linear(10)', flags: [], preset: 'strict', because: 'right before the pooling' },
  { chain: 'conv2d → relu → global-avg-pool → dropout(0.5) → flatten → linear(10)', flags: [], preset: 'strict' },
  { chain: 'conv2d → relu → conv2d(10,1) → global-avg-pool → flatten', flags: [], preset: 'strict', because: 'the last weighted layer is a convolution' },
  { chain: 'conv2d → relu → conv2d(1,1) → sigmoid', flags: [], preset: 'strict', because: 'dense prediction' },

  // Only in mode training.
  { chain: 'input(256) → linear(512) → relu → linear(10)', flags: [], preset: 'strict', mode: 'inference' },
  { chain: 'input(256) → linear(512) → relu → linear(10)', flags: [], preset: 'strict', mode: 'auto', formats: ['onnx'], because: 'nothing says that it is trained' },
  { chain: 'conv2d(8,3,stride=2) → batch-norm → relu → flatten → linear(512) → relu → linear(10)', flags: ['linear#2'], mode: 'auto', formats: ['onnx'], onnx: { opset: 17, training: true }, level: 'info', because: 'BatchNorm trains' },
]);
