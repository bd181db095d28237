import rule from '../../rules/no-dropout-between-convs.js';
import { atEveryForm, cases } from '../support/cases.js';

const head = 'global-avg-pool → flatten → linear(10)';
const found = { level: 'info', class: 'inference-exact' } as const;
const strict = { level: 'warn', class: 'inference-exact', preset: 'strict' } as const;

cases(rule, [
  { chain: `conv2d → relu → dropout(0.2) → conv2d → relu → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → spatial-dropout(0.2) → conv2d → relu → ${head}` },
  { chain: `conv2d → relu → dropout(0.2) → conv2d → relu → ${head}`, flags: ['dropout'], ...strict, fixed: `conv2d → relu → spatial-dropout(0.2) → conv2d → relu → ${head}` },
  { chain: `conv2d → relu → dropout(0.2) → conv2d → relu → ${head}`, flags: ['dropout'], level: 'info', options: { fix: 'remove' }, fixed: `conv2d → relu → conv2d → relu → ${head}` },
  { chain: `conv1d → relu → dropout(0.2) → conv1d → relu → ${head}`, flags: ['dropout'], ...found, fixed: `conv1d → relu → spatial-dropout(0.2) → conv1d → relu → ${head}` },
  ...atEveryForm({ chain: `conv2d(8,3,stride=2) → relu → dropout(0.2) → conv2d → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d(8,3,stride=2) → relu → spatial-dropout(0.2) → conv2d → ${head}` }),

  // What may stand between.
  { chain: `conv2d → relu → max-pool → dropout(0.25) → conv2d → relu → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → max-pool → spatial-dropout(0.25) → conv2d → relu → ${head}` },
  { chain: `conv2d → relu → dropout(0.25) → max-pool → conv2d → relu → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → spatial-dropout(0.25) → max-pool → conv2d → relu → ${head}` },
  { chain: `conv2d(8,3,bias=false) → batch-norm → relu → dropout(0.2) → conv2d(8,3,bias=false) → batch-norm → relu → ${head}`, flags: ['dropout'], ...found },
  { chain: `conv2d → dropout(0.2) → relu → conv2d → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → spatial-dropout(0.2) → relu → conv2d → ${head}` },
  { chain: `conv2d → relu → dropout(0.2) → depthwise → conv2d(8,1) → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → spatial-dropout(0.2) → depthwise → conv2d(8,1) → ${head}` },
  { chain: 'conv2d(8,3,stride=2) → relu → dropout(0.2) → conv-transpose(4) → relu → conv2d(1,1) → sigmoid', flags: ['dropout'], ...found, fixed: 'conv2d(8,3,stride=2) → relu → spatial-dropout(0.2) → conv-transpose(4) → relu → conv2d(1,1) → sigmoid' },
  {
    chain: `conv2d → relu → dropout(0.1) → conv2d → relu → dropout(0.2) → conv2d → ${head}`,
    flags: ['dropout', 'dropout#2'],
    ...found,
    fixed: `conv2d → relu → spatial-dropout(0.1) → conv2d → relu → spatial-dropout(0.2) → conv2d → ${head}`,
  },
  { chain: `conv2d → relu → dropout(0.2) → conv2d → ${head}`, flags: ['dropout'], ...found, mode: 'inference', fixed: `conv2d → relu → spatial-dropout(0.2) → conv2d → ${head}` },
  { chain: 'conv2d → relu → concat{ | max-pool → conv2d → relu → dropout(0.2) → conv2d → conv-transpose(4) } → conv2d(1,1) → sigmoid', flags: ['dropout'], ...found, because: 'inside a U-Net' },
  { chain: `conv2d → relu → dropout(0.2,form=decomposed) → conv2d → ${head}`, flags: ['dropout'], level: 'info', formats: ['onnx'], onnx: [{ opset: 18 }, { opset: 18, batch: 'symbolic' }, { opset: 22 }] },

  // Where a Transpose put the channels last, so is the mask's axis.
  {
    chain: `conv2d → relu → transpose(0,2,3,1) → dropout(0.2) → transpose(0,3,1,2) → conv2d → ${head}`,
    flags: ['dropout'], ...found, formats: ['onnx'],
    onnx: [{ opset: 7 }, { opset: 9, batch: 'symbolic' }, { opset: 12 }, { opset: 13, batch: 'symbolic' }, { opset: 17, form: 'constant' }],
    fixed: `conv2d → relu → transpose(0,2,3,1) → spatial-dropout(0.2,last=true) → transpose(0,3,1,2) → conv2d → ${head}`,
  },
  { chain: `conv1d → transpose(0,2,1) → dropout(0.2) → relu → transpose(0,2,1) → conv1d → ${head}`, flags: ['dropout'], ...found, formats: ['onnx'], fixed: `conv1d → transpose(0,2,1) → spatial-dropout(0.2,last=true) → relu → transpose(0,2,1) → conv1d → ${head}` },
  { chain: `conv2d → relu → transpose(0,2,1,3) → dropout(0.2) → transpose(0,2,1,3) → conv2d → ${head}`, flags: ['dropout'], level: 'info', formats: ['onnx'], refused: /channels axis 2/, because: 'channels between the axes of space' },
  { chain: `conv2d → relu → transpose(0,2,3,1) → dropout(0.2) → conv2d → ${head}`, flags: ['dropout'], level: 'info', formats: ['onnx'], refused: /on different axes/, because: 'the next convolution takes rows for channels' },
  { chain: `conv2d → relu → transpose(0,2,3,1) → dropout(0.2) → transpose(0,3,1,2) → conv2d → ${head}`, flags: ['dropout'], level: 'info', formats: ['onnx'], onnx: { opset: 6 }, provable: false, refused: /needs opset 7/ },

  // The mask is per channel already.
  { chain: `conv2d → relu → transpose(0,2,3,1) → spatial-dropout(0.2,last=true) → transpose(0,3,1,2) → conv2d → ${head}`, flags: [], preset: 'strict', formats: ['onnx'] },
  { chain: `conv2d → relu → spatial-dropout(0.2) → conv2d → ${head}`, flags: [], preset: 'strict' },
  { chain: `conv1d → relu → spatial-dropout(0.2) → conv1d → ${head}`, flags: [], preset: 'strict' },
  { chain: `conv2d → relu → spatial-dropout(0.2,form=decomposed) → conv2d → ${head}`, flags: [], preset: 'strict', formats: ['onnx'], onnx: [{ opset: 18 }, { opset: 18, batch: 'symbolic' }, { opset: 9 }] },

  // The next weighted layer is the last one, or no convolution, or there is no space left.
  { chain: 'conv2d → relu → dropout(0.5) → conv2d(10,1) → relu → global-avg-pool → flatten', flags: [], preset: 'strict', formats: ['onnx'], because: 'SqueezeNet' },
  { chain: 'conv2d → relu → dropout(0.5) → conv2d(10,1) → relu → global-avg-pool → flatten → softmax', flags: [], preset: 'strict', because: 'SqueezeNet' },
  { chain: 'conv2d → relu → dropout(0.5) → conv2d(1,1) → sigmoid', flags: [], preset: 'strict', because: 'the last layer of dense prediction' },
  { chain: 'conv2d(8) → relu → global-avg-pool → dropout(0.001) → conv2d(10,1) → flatten → linear', flags: [], preset: 'strict', formats: ['onnx'], because: 'MobileNetV1: 1×1' },
  { chain: `conv2d → relu → dropout(0.5) → ${head}`, flags: [], preset: 'strict' },
  { chain: 'conv2d → relu → flatten → dropout(0.5) → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear(192) → relu → reshape(3,8,8) → dropout(0.2) → conv2d → relu → conv2d → flatten → linear', flags: [], preset: 'strict', formats: ['onnx'], because: 'the previous weighted layer is linear' },
  { chain: `input(3,16,16) → dropout(0.2) → conv2d → relu → conv2d → ${head}`, flags: [], preset: 'strict', because: 'on the input' },
  { chain: `conv2d → relu → dropout(0) → conv2d → ${head}`, flags: [], preset: 'strict', because: 'nothing is dropped' },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },

  // recommended knows the positions that evidence supports; strict does not.
  ...(['recommended', 'strict'] as const).flatMap((preset) => {
    const flags = preset === 'strict' ? ['dropout'] : [];
    return [
      { preset, flags, chain: `conv2d(8) → residual{ batch-norm → relu → conv2d(8,3,bias=false) → batch-norm → relu → dropout(0.3) → conv2d(8,3,bias=false) } → conv2d → ${head}`, because: 'WideResNet' },
      { preset, flags, chain: `conv2d(8) → residual{ conv2d(8) → relu → dropout(0.1) → conv2d(8) } → relu → conv2d → ${head}`, because: 'a residual branch' },
      { preset, flags, chain: `conv2d(8) → residual{ conv2d(8) → relu → conv2d(8) → dropout(0.1) } → relu → conv2d → ${head}`, because: 'the end of a residual branch' },
      { preset, flags, chain: `conv2d(8) → concat{ | batch-norm → relu → conv2d(8) → dropout(0.2) } → batch-norm → relu → conv2d → ${head}`, because: 'DenseNet' },
    ];
  }),
]);
