import rule from '../../rules/dropout-after-batch-norm.js';
import { atEveryForm, cases, WITHOUT_RATE } from '../support/cases.js';

const found = { level: 'error', class: 'inference-exact' } as const;
const mild = { level: 'warn', class: 'inference-exact' } as const;

cases(rule, [
  // Zero mean: Var_test/Var_train = 1 − p.
  { chain: 'linear → dropout(0.5) → batch-norm → relu → linear', flags: ['dropout'], ...found, message: /0\.50.*0\.71/, fixed: 'linear → batch-norm → relu → dropout(0.5) → linear' },
  { chain: 'linear → dropout(0.25) → batch-norm → relu → linear', flags: ['dropout'], ...found, message: /0\.75/, fixed: 'linear → batch-norm → relu → dropout(0.25) → linear' },
  { chain: 'linear → dropout(0.1) → batch-norm → relu → linear', flags: ['dropout'], ...mild, message: /0\.90/, fixed: 'linear → batch-norm → relu → dropout(0.1) → linear' },
  { chain: 'linear → dropout(0.1) → batch-norm → relu → linear', flags: ['dropout'], level: 'error', preset: 'strict', fixed: 'linear → batch-norm → relu → dropout(0.1) → linear' },
  // ReLU of a standard normal: 0.405 at p = 0.5, 0.73 at 0.2, 0.86 at 0.1.
  { chain: 'linear → relu → dropout(0.5) → batch-norm → linear', flags: ['dropout'], ...found, message: /0\.4[01].*0\.64/, fixed: 'linear → relu → batch-norm → dropout(0.5) → linear' },
  { chain: 'linear → relu → dropout(0.2) → batch-norm → linear', flags: ['dropout'], ...found, message: /0\.73/, fixed: 'linear → relu → batch-norm → dropout(0.2) → linear' },
  { chain: 'linear → relu → dropout(0.1) → batch-norm → linear', flags: ['dropout'], ...mild, message: /0\.86/, fixed: 'linear → relu → batch-norm → dropout(0.1) → linear' },
  { chain: 'linear → dropout(0.5) → relu → batch-norm → linear', flags: ['dropout'], ...found, fixed: 'linear → relu → batch-norm → dropout(0.5) → linear' },

  ...atEveryForm({ chain: 'linear → relu → dropout(0.5) → batch-norm → linear', flags: ['dropout'], class: 'inference-exact', fixed: 'linear → relu → batch-norm → dropout(0.5) → linear' }).map((row) =>
    // A rate that comes from the run time is not known: nothing is predicted.
    ({ ...row, level: row.onnx === WITHOUT_RATE ? ('warn' as const) : ('error' as const) })),
  { chain: 'linear → relu → dropout(0.5) → batch-norm → linear', flags: ['dropout'], level: 'error', preset: 'strict', formats: ['onnx'], onnx: WITHOUT_RATE, fixed: 'linear → relu → batch-norm → dropout(0.5) → linear' },

  // What may stand between.
  { chain: 'conv2d(8,3,bias=false) → dropout(0.3) → batch-norm → relu → conv2d → flatten → linear', flags: ['dropout'], ...found, fixed: 'conv2d(8,3,bias=false) → batch-norm → relu → dropout(0.3) → conv2d → flatten → linear' },
  { chain: 'conv2d → relu → dropout(0.5) → max-pool → batch-norm → conv2d → flatten → linear', flags: ['dropout'], ...found, fixed: 'conv2d → relu → max-pool → batch-norm → dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'conv2d → relu → max-pool → dropout(0.5) → batch-norm → conv2d → flatten → linear', flags: ['dropout'], ...found, fixed: 'conv2d → relu → max-pool → batch-norm → dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'conv2d → relu → dropout(0.5) → flatten → batch-norm → linear', flags: ['dropout'], ...found, fixed: 'conv2d → relu → flatten → batch-norm → dropout(0.5) → linear' },
  { chain: 'conv2d → dropout(0.5) → global-avg-pool → flatten → batch-norm → tanh → linear', flags: ['dropout'], ...found, fixed: 'conv2d → global-avg-pool → flatten → batch-norm → tanh → dropout(0.5) → linear' },
  { chain: 'conv1d → dropout(0.5) → batch-norm → gelu → conv1d → flatten → linear', flags: ['dropout'], ...found, fixed: 'conv1d → batch-norm → gelu → dropout(0.5) → conv1d → flatten → linear' },
  { chain: 'conv2d → spatial-dropout(0.5) → batch-norm → relu → conv2d → flatten → linear', flags: ['spatial-dropout'], ...found, fixed: 'conv2d → batch-norm → relu → spatial-dropout(0.5) → conv2d → flatten → linear' },
  { chain: 'linear → dropout(0.5) → batch-norm → linear', flags: ['dropout'], ...found, fixed: 'linear → batch-norm → dropout(0.5) → linear' },
  { chain: 'input(16) → dropout(0.5) → batch-norm → linear', flags: ['dropout'], class: 'inference-exact', fixed: 'input(16) → batch-norm → dropout(0.5) → linear', formats: ['onnx'], because: 'dropout on the input' },
  { chain: 'input(16) → dropout(0.5) → batch-norm → linear', flags: ['dropout'], refused: /input shape/, formats: ['topology'], because: 'dropout on the input' },
  { chain: 'input(16) → dropout(0.5) → batch-norm → linear', flags: ['dropout'], class: 'inference-exact', fixed: 'input(16) → batch-norm → dropout(0.5) → linear', formats: ['code'], code: { idiom: 'functional' }, because: 'dropout on the input' },
  { chain: 'input(16) → dropout(0.5) → batch-norm → linear', flags: ['dropout'], refused: /first layer carries its input shape/, formats: ['code'], code: { idiom: 'add' }, because: 'dropout on the input' },
  { chain: 'conv2d(8) → residual{ conv2d(8,3,bias=false) → dropout(0.3) → batch-norm } → relu → flatten → linear', flags: ['dropout'], ...found, fixed: 'conv2d(8) → residual{ conv2d(8,3,bias=false) → batch-norm → dropout(0.3) } → relu → flatten → linear' },
  {
    chain: 'linear → dropout(0.5) → batch-norm → relu → linear → dropout(0.1) → batch-norm → relu → linear',
    flags: ['dropout', 'dropout#2'],
    fixed: 'linear → batch-norm → relu → dropout(0.5) → linear → batch-norm → relu → dropout(0.1) → linear',
  },
  { chain: 'linear → dropout(0.5) → batch-norm → relu → linear', flags: ['dropout'], ...found, onnx: [{ opset: 17, training: true }, { opset: 13, training: false, batch: 'symbolic' }], mode: 'inference', fixed: 'linear → batch-norm → relu → dropout(0.5) → linear' },
  { chain: 'linear → dropout(0.5,form=decomposed) → batch-norm → relu → linear', flags: ['dropout'], level: 'error', formats: ['onnx'], onnx: [{ opset: 18 }, { opset: 18, batch: 'symbolic' }, { opset: 22 }] },

  // Across a concatenation there is no fix.
  { chain: 'conv2d(8) → concat{ | conv2d(8) → dropout(0.2) } → batch-norm → relu → conv2d → flatten → linear', flags: ['dropout'], level: 'info', fixed: false, because: 'DenseNet' },
  { chain: 'conv2d(8) → concat{ | conv2d(8) → dropout(0.5) } → batch-norm → relu → conv2d → flatten → linear', flags: ['dropout'], level: 'warn', fixed: false },
  { chain: 'conv2d(8) → concat{ | conv2d(8) → dropout(0.2) } → batch-norm → relu → conv2d → flatten → linear', flags: ['dropout'], level: 'error', preset: 'strict', fixed: false },

  // Across a weighted layer: strict, for information.
  { chain: 'linear → relu → dropout(0.5) → linear → batch-norm → relu → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, formats: ['onnx'], message: /= 0\.41 for independent inputs, and 0\.\d\d \(median; 0\.\d\d to 0\.\d\d over 16 output channels\) .* d·cos²θ = \d/ },
  { chain: 'linear → relu → dropout(0.5) → linear → batch-norm → relu → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, formats: ['code', 'topology'], message: /variance shift through the weights/ },
  { chain: 'conv2d → relu → dropout(0.2) → conv2d(4,3,bias=false) → batch-norm → relu → flatten → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, formats: ['onnx'], message: /= 0\.73 for independent inputs.*over 4 output channels/ },
  { chain: 'conv2d → relu → dropout(0.2) → max-pool → conv2d → batch-norm → relu → flatten → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, message: /variance shift through the weights/, because: 'of a maximum nothing is predicted' },
  { chain: 'conv2d → relu → spatial-dropout(0.2) → conv2d → batch-norm → relu → flatten → linear', flags: ['spatial-dropout'], level: 'info', preset: 'strict', fixed: false, message: /variance shift through the weights/, because: 'its mask is not independent' },
  { chain: 'linear → relu → dropout(0.5) → linear → relu → batch-norm → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, message: /variance shift through the weights/, because: 'an activation behind the weights' },
  { chain: 'linear → relu → dropout(0.5) → linear → batch-norm → relu → linear', flags: [] },
  { chain: 'conv2d → batch-norm → relu → dropout(0.5) → conv2d → batch-norm → relu → flatten → linear', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false },
  { chain: 'linear → relu → dropout(0.5) → linear → relu → linear → batch-norm → linear', flags: [], preset: 'strict', because: 'two weighted layers' },

  // Other normalizations have no running statistics.
  { chain: 'linear → relu → dropout(0.5) → layer-norm → linear', flags: [], preset: 'strict' },
  { chain: 'conv2d(8) → relu → dropout(0.5) → instance-norm → conv2d → flatten → linear', flags: [], preset: 'strict' },
  { chain: 'conv2d(8) → relu → dropout(0.5) → group-norm(4) → conv2d → flatten → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0.5) → rms-norm → linear', flags: [], preset: 'strict' },

  // Right, or not on one chain.
  { chain: 'linear → batch-norm → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → batch-norm → dropout(0.5) → linear', flags: [], preset: 'strict' },
  { chain: 'conv2d → batch-norm → dropout(0.5) → flatten → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear → dropout(0) → batch-norm → linear', flags: [], preset: 'strict', because: 'nothing is dropped' },
  { chain: 'conv2d(8) → dropout(0.5) → residual{ batch-norm → relu → conv2d(8) } → flatten → linear', flags: [], because: 'two consumers' },
  { chain: 'linear(16) → residual{ linear(16) → dropout(0.5) } → batch-norm → linear', flags: [], because: 'a sum ends the chain' },
]);
