/** Weights that stand in files of their own (TensorProto.external_data). */
import { bodiesIn } from './wire/bodies.js';
import type { BodyRecord, GraphRecord, ModelRecord, TensorRecord } from './wire/records.js';

/** The files that a model's tensors refer to, relative to its folder, each once. */
export function externalFilesOf({ graph, functions }: ModelRecord): readonly string[] {
  const files = new Set<string>();
  for (const body of bodiesIn<BodyRecord>(graph, ...functions)) {
    for (const tensor of tensorsOf(body)) {
      const location = tensor.external?.get('location');
      if (location) files.add(location);
    }
  }
  return [...files];
}

function* tensorsOf(body: BodyRecord): Iterable<TensorRecord> {
  if ('initializers' in body) yield* (body as GraphRecord).initializers.values();
  for (const node of body.nodes) for (const { tensor } of node.attributes) if (tensor) yield tensor;
}
