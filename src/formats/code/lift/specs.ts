/** One call of a factory → the architecture layers that it stands for, in the order in which the data runs through them. */
import type {
  ActivationFunction, ActivationLayer, ConvolutionLayer, DropoutLayer, EmbeddingLayer, Layer, LinearLayer, MergeLayer, NormalizationLayer,
  OpaqueLayer, PoolingLayer, RecurrentLayer, ReshapeLayer, Shape,
} from '../../../graph/layers.js';

type Given = 'key' | 'type' | 'inputs' | 'outputs' | 'origin' | 'graph' | 'configuration' | 'placement';
/** Which part of a factory's call a layer is: the call itself, or the setting that makes it one. */
export type Part = 'self' | 'activation' | 'dropout' | 'recurrentDropout' | 'rate';

interface Placed {
  readonly part: Part;
  /** Of its result; `undefined` when even the rank is unknown. */
  readonly shape: Shape | undefined;
  readonly channelAxis?: 1 | -1;
  /** It acts on a state or a weight inside its neighbour, and stands in no chain. */
  readonly aside?: 'state' | 'weight';
}

type SpecOf<L extends Layer> = Omit<L, Given> & Placed;
export type Spec =
  | SpecOf<LinearLayer> | SpecOf<ConvolutionLayer> | SpecOf<RecurrentLayer> | SpecOf<EmbeddingLayer> | SpecOf<ActivationLayer>
  | SpecOf<NormalizationLayer> | SpecOf<PoolingLayer> | SpecOf<ReshapeLayer> | SpecOf<MergeLayer> | SpecOf<DropoutLayer> | SpecOf<OpaqueLayer>;
export type DropoutSpec = SpecOf<DropoutLayer>;

/** What a layer is given. */
export interface Operands {
  readonly shapes: readonly (Shape | undefined)[];
  readonly channelAxis: 1 | -1;
}

export const activation = (fn: ActivationFunction, shape: Shape | undefined, part: Part, parameters: number | undefined = 0): Spec =>
  ({ kind: 'activation', function: fn, parameters, part, shape });

export const opaque = (shape: Shape | undefined, role: OpaqueLayer['role'] = 'unknown', parameters: number | undefined = undefined, part: Part = 'self'): Spec =>
  ({ kind: 'opaque', role, parameters, part, shape });

export const reshape = (order: 'row-major' | 'permuting', flattens: boolean, shape: Shape | undefined): Spec =>
  ({ kind: 'reshape', order, flattens, parameters: 0, part: 'self', shape });
