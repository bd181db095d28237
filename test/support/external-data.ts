import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { toOnnx } from '../../fixtures/chain/onnx.js';

/** A chain as a model whose weights of 64 bytes and more stand in a file of their own. */
export function withExternalData(chain: string, location: string): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const model = fromBinary(ModelProtoSchema, toOnnx(chain));
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    const data = tensor.rawData;
    if (data === undefined || data.length < 64) continue;
    const entries = { location, offset: String(offset), length: String(data.length) };
    tensor.externalData = Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.rawData = new Uint8Array();
    parts.push(data);
    offset += data.length;
  }
  if (parts.length === 0) throw new Error(`no weights in ${chain}`);
  return { model: toBinary(ModelProtoSchema, model), weights: Buffer.concat(parts) };
}
