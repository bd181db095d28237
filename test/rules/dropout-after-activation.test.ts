import rule from '../../rules/dropout-after-activation.js';
import { atEveryForm, cases } from '../support/cases.js';
import type { Case } from '../support/cases.js';

const hidden = (activation: string): Pick<Case, 'chain' | 'flags' | 'fixed'> => ({
  chain: `linear → dropout(0.5) → ${activation} → linear`,
  flags: ['dropout'],
  fixed: `linear → ${activation} → dropout(0.5) → linear`,
});
const order = { level: 'info', class: 'exact', message: /commutes/ } as const;
const scale = { level: 'warn', class: 'inference-exact', message: /scale/ } as const;
const nothingDropped = { level: 'warn', class: 'inference-exact', message: /nothing is dropped/ } as const;

cases(rule, [
  ...['relu', 'leaky-relu', 'prelu', 'clip(min=0)'].map((activation) => ({ ...hidden(activation), ...order })),
  ...['relu6', 'clip(min=0,max=6)', 'gelu', 'tanh-gelu', 'silu', 'mish', 'hard-swish', 'elu', 'selu', 'celu', 'tanh', 'softsign'].map((activation) => ({ ...hidden(activation), ...scale })),
  ...['sigmoid', 'hard-sigmoid', 'softplus'].map((activation) => ({ ...hidden(activation), ...nothingDropped })),
  ...['gelu', 'tanh-gelu', 'silu', 'mish', 'hard-swish'].map((activation) => ({ ...hidden(activation), ...scale, onnx: [{ opset: 17, composite: true }, { opset: 20, composite: true }], because: 'spelled out in operators' })),
  ...['relu', 'gelu', 'sigmoid'].map((activation) => ({ ...hidden(activation), preset: 'strict' as const, level: 'warn' as const })),
  ...atEveryForm({ chain: 'linear → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, fixed: 'linear → relu → dropout(0.5) → linear' }),
  ...atEveryForm({ chain: 'linear → dropout(0.3) → tanh → linear', flags: ['dropout'], ...scale, fixed: 'linear → tanh → dropout(0.3) → linear' }),

  // What may stand before and between.
  { chain: 'conv2d → dropout(0.5) → relu → conv2d → flatten → linear', flags: ['dropout'], ...order, fixed: 'conv2d → relu → dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'conv1d → dropout(0.2) → elu → conv1d → flatten → linear', flags: ['dropout'], ...scale, fixed: 'conv1d → elu → dropout(0.2) → conv1d → flatten → linear' },
  { chain: 'conv2d → spatial-dropout(0.5) → relu → conv2d → flatten → linear', flags: ['dropout'].map(() => 'spatial-dropout'), ...order, fixed: 'conv2d → relu → spatial-dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'linear → batch-norm → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, fixed: 'linear → batch-norm → relu → dropout(0.5) → linear' },
  { chain: 'conv2d(8,3,bias=false) → batch-norm → dropout(0.5) → silu → conv2d → flatten → linear', flags: ['dropout'], ...scale, fixed: 'conv2d(8,3,bias=false) → batch-norm → silu → dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'conv2d → flatten → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, fixed: 'conv2d → flatten → relu → dropout(0.5) → linear' },
  { chain: 'linear(16) → reshape(4,4) → batch-norm → reshape(16) → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, fixed: 'linear(16) → reshape(4,4) → batch-norm → reshape(16) → relu → dropout(0.5) → linear' },
  { chain: 'linear(16) → dropout(0.5) → reshape(4,4) → relu → reshape(16) → linear', flags: ['dropout'], level: 'info', fixed: 'linear(16) → reshape(4,4) → relu → dropout(0.5) → reshape(16) → linear' },
  { chain: 'conv2d → dropout(0.5) → flatten → tanh → linear', flags: ['dropout'], level: 'warn', class: 'inference-exact', fixed: 'conv2d → flatten → tanh → dropout(0.5) → linear' },
  { chain: 'input(8,16) → linear(8) → dropout(0.5) → transpose(0,2,1) → relu → flatten → linear', flags: ['dropout'], level: 'info', class: 'exact-in-distribution', fixed: 'input(8,16) → linear(8) → transpose(0,2,1) → relu → dropout(0.5) → flatten → linear', formats: ['onnx'] },
  { chain: 'lstm(8,last=true) → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, fixed: 'lstm(8,last=true) → relu → dropout(0.5) → linear' },
  { chain: 'conv2d → dropout(0.5) → identity → relu → flatten → linear', flags: ['dropout'], level: 'info' },
  { chain: 'linear → relu → linear → dropout(0.5) → relu', flags: ['dropout'], ...order, fixed: 'linear → relu → linear → relu → dropout(0.5)', because: 'a truncated backbone: ReLU is no output activation' },
  {
    chain: 'linear → dropout(0.5) → relu → linear → dropout(0.3) → gelu → linear',
    flags: ['dropout', 'dropout#2'],
    fixed: 'linear → relu → dropout(0.5) → linear → gelu → dropout(0.3) → linear',
  },
  { chain: 'linear(16) → residual{ linear(16) → dropout(0.1) → gelu → linear(16) } → linear', flags: ['dropout'], ...scale, fixed: 'linear(16) → residual{ linear(16) → gelu → dropout(0.1) → linear(16) } → linear' },
  { chain: 'linear → dropout(0.5) → relu → linear', flags: ['dropout'], ...order, mode: 'inference', fixed: 'linear → relu → dropout(0.5) → linear' },
  { chain: 'linear(8,bias=false,as=matmul) → dropout(0.5) → relu → linear(4,as=matmul)', flags: ['dropout'], ...order, fixed: 'linear(8,bias=false,as=matmul) → relu → dropout(0.5) → linear(4,as=matmul)' },

  // Decomposed dropout.
  { chain: 'linear → dropout(0.5,form=decomposed) → relu → linear', flags: ['dropout'], level: 'info', formats: ['onnx'], onnx: [{ opset: 18 }, { opset: 18, batch: 'symbolic' }, { opset: 22 }] },
  { chain: 'conv2d → spatial-dropout(0.5,form=decomposed) → hard-swish → conv2d → flatten → linear', flags: ['spatial-dropout'], level: 'warn', formats: ['onnx'], onnx: { opset: 18 } },

  // Right, or not for this rule.
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [] },
  { chain: 'linear → batch-norm → relu → dropout(0.5) → linear → softmax', flags: [], preset: 'strict' },
  { chain: 'linear → dropout(0) → gelu → linear', flags: [], because: 'nothing is dropped' },
  ...['softmax', 'log-softmax', 'sigmoid', 'tanh'].map((activation) => ({ chain: `linear → relu → linear → dropout(0.5) → ${activation}`, flags: [], preset: 'strict' as const, because: 'an output activation' })),
  { chain: 'input(8,16) → self-attention(2,dropout=0.1) → linear', flags: [], preset: 'strict', because: 'attention' },
  { chain: 'linear(16) → residual{ linear(16) → dropout(0.5) } → relu → linear', flags: [], preset: 'strict', because: 'a residual branch' },
  { chain: 'linear(16) → concat{ | linear(8) → dropout(0.5) } → relu → linear', flags: [], preset: 'strict', because: 'a merge ends the chain' },
  { chain: 'linear(16) → dropout(0.5) → residual{ relu → linear(16) } → linear', flags: [], preset: 'strict', because: 'two consumers' },
  { chain: 'conv2d → dropout(0.5) → max-pool → relu → conv2d → flatten → linear', flags: [], preset: 'strict', because: 'pooling is not passed' },
  { chain: 'linear → layer-norm → dropout(0.5) → gelu → linear', flags: [], preset: 'strict', because: 'LayerNorm is not passed' },
  { chain: 'input(16) → dropout(0.2) → relu → linear', flags: [], preset: 'strict', because: 'no weighted layer before it' },
  { chain: 'embedding → dropout(0.5) → tanh → linear', flags: [], preset: 'strict', because: 'an embedding is not weighted' },
  { chain: 'linear → dropout(0.5) → scale(0.5) → linear', flags: [], preset: 'strict', because: 'a scale is no activation' },
  { chain: 'linear → relu → dropout(0.5) → relu → linear', flags: [], preset: 'strict', because: 'an activation stands before it' },
]);
