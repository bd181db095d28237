/**
 * `npm run demo`: takes a few models, lints, fixes and proves them with the command line as a user would, and leaves
 * everything in demo-out/: the models as they were, and the fixed ones in a folder of their own.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import pc from 'picocolors';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'demo-out');
const MAIN = path.join(ROOT, 'dist', 'src', 'cli', 'main.js');

/** Files of fixtures/, and what they are. */
const MODELS = [
  ['models/vgg19.onnx', 'VGG-19 in small, dropout where its authors put it: nothing to report'],
  ['models/mlp-dropout-before-gelu.onnx', 'dropout before an activation that does not keep its scale'],
  ['models/resnet-dropout-before-batch-norm.onnx', 'dropout before BatchNorm, in training form: the variance it learns is not the one it meets at test'],
  ['models/cnn-dropout-between-convs.onnx', 'elementwise dropout between convolutions: neighbouring pixels give it away'],
  ['torch/mobilenet_v3_before_hardswish.dynamo18.train.onnx', 'written by PyTorch, which spells its in-place dropout out in five nodes'],
] as const;

function droplint(args: readonly string[]): void {
  console.log(`\n${pc.bold(pc.cyan(`$ droplint ${args.join(' ')}`))}`);
  const { status } = spawnSync(process.execPath, [MAIN, ...args], { cwd: OUT, stdio: 'inherit' });
  if (status !== 0 && status !== 1) throw new Error(`droplint ended with ${status}`);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(path.join(OUT, 'models'), { recursive: true });
for (const [file, about] of MODELS) {
  cpSync(path.join(ROOT, 'fixtures', file), path.join(OUT, 'models', path.basename(file)));
  console.log(`${pc.bold(path.basename(file))}\n  ${about}`);
}
cpSync(path.join(OUT, 'models'), path.join(OUT, 'fixed'), { recursive: true });

droplint(['models', '--mode', 'training']);
droplint(['models/mobilenet_v3_before_hardswish.dynamo18.train.onnx', '--diff']);
droplint(['fixed', '--mode', 'training', '--fix', '--fix-level', 'info']);
droplint(['fixed', '--mode', 'training']);
console.log(`\nThe fixed models are in ${pc.bold('demo-out/fixed')}, the models as they were in ${pc.bold('demo-out/models')}.`);
