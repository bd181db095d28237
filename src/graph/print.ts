/** The architecture graph as text: one layer a line, readable and stable enough for snapshots and diffs. */
import type { Graph } from './graph.js';
import type { Layer, Shape, Value } from './layers.js';

const number = (value: number) => String(Math.round(value * 1e6) / 1e6);

/** What a layer is, with its settings: `convolution 2d 64`, `dropout 0.5 (live)`. */
export function describeLayer(layer: Layer): string {
  switch (layer.kind) {
    case 'linear': return layer.units === undefined ? 'linear' : `linear ${layer.units}`;
    case 'convolution': {
      const kind = `${layer.depthwise ? 'depthwise ' : ''}${layer.transposed ? 'transposed ' : ''}convolution`;
      return `${kind}${layer.spatialRank === undefined ? '' : ` ${layer.spatialRank}d`}${layer.filters === undefined ? '' : ` ${layer.filters}`}`;
    }
    case 'recurrent': return `recurrent ${layer.cell ?? '?'}${layer.units === undefined ? '' : ` ${layer.units}`}`;
    case 'embedding': return `embedding ${layer.rows ?? '?'}×${layer.units ?? '?'}`;
    case 'activation': return layer.function === 'other' ? `activation ${layer.type}` : layer.function;
    case 'normalization': return `${layer.of}-norm${layer.training ? ' training' : ''}`;
    case 'pooling': return `${layer.global ? 'global ' : ''}${layer.of}-pooling`;
    case 'reshape': return layer.flattens ? 'flatten' : layer.order === 'permuting' ? `reshape ${layer.type}` : 'reshape';
    case 'merge': return layer.of;
    case 'dropout': {
      const law = layer.law === 'bernoulli' ? '' : `${layer.law} `;
      const unit = layer.unit === 'element' ? '' : `${layer.unit} `;
      const extra = [layer.state, ...(layer.form === 'operator' ? [] : [layer.form]), ...(layer.inverted ? [] : ['not inverted']), ...(layer.mask ? ['mask used'] : [])];
      return `${unit}${law}dropout ${layer.rate === undefined ? '?' : number(layer.rate)} (${extra.join(', ')})`;
    }
    case 'opaque': return `opaque ${layer.type}`;
  }
}

const printShape = (shape: Shape | undefined) => (shape ? ` [${shape.map((dimension) => dimension ?? '?').join(', ')}]` : '');

/** Values are printed by the layers that make them, so that a rename alone is no difference. */
class Names {
  readonly #names = new Map<Value, string>();
  #count = 0;

  constructor(readonly numbered: boolean) {}

  of(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = !value.producer ? value.name : this.numbered ? `%${(this.#count += 1)}` : value.producer.origin.name;
    this.#names.set(value, name);
    return name;
  }
}

export interface PrintOptions {
  readonly names?: boolean;
  readonly shapes?: boolean;
  /** Values by number (`%3`); without, by the name of the layer that makes them, so that a new layer renumbers no other line. */
  readonly numbers?: boolean;
}

/** Prints one graph. `names` adds the nodes' names; without them two graphs of one architecture print alike. */
export function printGraph(graph: Graph, { names = true, shapes = true, numbers = true }: PrintOptions = {}): string {
  const values = new Names(numbers);
  const lines = [`${graph.role} ${graph.name || graph.path}(${graph.inputs.map((input) => `${input.name}${shapes ? printShape(input.shape) : ''}`).join(', ')})`];
  let before: Value | undefined = graph.inputs.length === 1 ? graph.inputs[0] : undefined;
  for (const layer of graph.layers) {
    // A layer that reads just what the line above made needs no operand list.
    const operands = layer.inputs.length === 1 && layer.inputs[0] === before ? '' : `(${layer.inputs.map((input) => values.of(input)).join(', ')})`;
    const results = layer.outputs.map((output) => values.of(output)).join(', ');
    const label = names && layer.origin.name !== layer.type ? `   ${layer.origin.name}` : '';
    lines.push(`  ${numbers ? `${results.padEnd(4)} = ` : ''}${describeLayer(layer)}${operands}${shapes ? printShape(layer.outputs[0]?.shape) : ''}${label}`);
    before = layer.outputs[0];
  }
  lines.push(`  → ${graph.outputs.map((output) => (output.producer ? `${output.name} = ${values.of(output)}` : output.name)).join(', ')}`);
  return lines.join('\n');
}
