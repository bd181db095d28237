/**
 * Measures the extractor on a folder of code: `npx tsx scripts/measure-code.ts <folder> [--list]`.
 *
 * Prints files read, models, dropout layers with both neighbours recovered, crashes, and the time per file. `--list` names
 * the layers of which a neighbour is not known. A neighbour is recovered when the layer (or the model's own input or output)
 * beside the dropout is known on every path through some model that has it: an opaque layer that the file names, such as a
 * custom layer, counts as known; a place of which nothing is known does not. A dropout that is the last or first thing of
 * a helper whose caller is not in the file has a neighbour that is not known. Layers are counted by their place in the file.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { readCode } from '../src/formats/code/document.js';
import { CODE_EXTENSIONS, mayContainModel } from '../src/formats/code/gate.js';
import { siteOf } from '../src/formats/code/lift/assemble.js';
import type { Graph } from '../src/graph/graph.js';
import type { DropoutLayer, Layer, Value } from '../src/graph/layers.js';

function* filesIn(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const file = path.join(folder, name);
    if (name === 'node_modules' || name.startsWith('.')) continue;
    if (statSync(file).isDirectory()) yield* filesIn(file);
    else if (CODE_EXTENSIONS.some((extension) => name.endsWith(extension)) && !name.endsWith('.min.js')) yield file;
  }
}

/** An opaque layer that stands for code which the file names: a custom layer, a base model, an unknown activation. */
const isKnown = (layer: Layer): boolean => layer.kind !== 'opaque' || siteOf(layer) !== undefined;

function knownBefore(graph: Graph, value: Value | undefined): boolean {
  if (!value) return false;
  return value.producer ? isKnown(value.producer) : graph.inputs.includes(value) || value.name === 'state';
}

const knownAfter = (graph: Graph, value: Value): boolean =>
  value.captured || (value.consumers.length > 0 ? value.consumers.every(isKnown) : graph.role === 'model' && value.isGraphOutput);

interface Seen {
  readonly file: string;
  readonly layer: DropoutLayer;
  before: boolean;
  after: boolean;
}

const [folder, flag] = process.argv.slice(2);
if (!folder) throw new Error('usage: npx tsx scripts/measure-code.ts <folder> [--list]');
const dropouts = new Map<string, Seen>();
const times: number[] = [];
let [files, gated, models, variants] = [0, 0, 0, 0];
const crashes: string[] = [];

for (const file of filesIn(folder)) {
  files += 1;
  const text = readFileSync(file, 'utf8');
  if (!mayContainModel(text)) continue;
  gated += 1;
  const start = performance.now();
  try {
    const document = readCode(file, text);
    times.push(performance.now() - start);
    models += document.models.length;
    for (const model of document.models) {
      variants += model.variants.length;
      for (const graph of model.variants.flat()) {
        for (const layer of graph.layersOf('dropout')) {
          const key = `${file} ${layer.origin.path} ${layer.key} ${document.models.indexOf(model)}`;
          const seen = dropouts.get(key) ?? { file, layer, before: true, after: true };
          seen.before &&= knownBefore(graph, layer.inputs[0]);
          seen.after &&= knownAfter(graph, layer.outputs[0]!);
          dropouts.set(key, seen);
        }
      }
    }
  } catch (error) {
    crashes.push(`${file}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

const known = ({ before, after }: Seen): number => Number(before) + Number(after);
const places = new Map<string, Seen>();
for (const seen of dropouts.values()) {
  const place = `${seen.file} ${seen.layer.origin.path} ${seen.layer.form}`;
  const best = places.get(place);
  if (!best || known(seen) > known(best)) places.set(place, seen);
}
const all = [...places.values()];
const both = all.filter((seen) => known(seen) === 2);
times.sort((a, b) => a - b);
const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
console.log(`${files} files, ${gated} through the gate, ${models} models (${variants} graphs), ${crashes.length} crashes`);
console.log(`${all.length} dropout layers: both neighbours ${both.length} (${percent(both.length, all.length)}), one ${all.filter((seen) => known(seen) === 1).length}, none ${all.filter((seen) => known(seen) === 0).length}`);
console.log(`time per file: median ${times[times.length >> 1]?.toFixed(2)} ms, 95 % ${times[Math.floor(times.length * 0.95)]?.toFixed(2)} ms, longest ${times.at(-1)?.toFixed(2)} ms`);
for (const crash of crashes) console.log(`CRASH ${crash}`);
if (flag === '--list') for (const { file, layer, before, after } of all) if (!before || !after) console.log(`${file}:${layer.origin.path} ${before ? '' : 'before '}${after ? '' : 'after'}`);
