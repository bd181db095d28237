/** A folder of small models. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { architecture } from '../../fixtures/builders/architectures.js';
import type { NamingStyle } from '../../fixtures/builders/naming.js';
import { ZOO } from '../../fixtures/zoo/index.js';

const NAMINGS: readonly NamingStyle[] = ['torchscript', 'dynamo', 'keras', 'mxnet', 'plain'];
/** From 7, which all builders have, to 17, the last that Debian's onnx.checker knows. */
const OPSETS = [9, 11, 13, 15, 17];

/** Architectures of the zoo with narrow layers: every architecture with every naming and opset before any comes twice. Returns the files. */
export function writeSmallModels(count: number, folder: string): readonly string[] {
  const variants = NAMINGS.flatMap((naming) => OPSETS.flatMap((opset) => ZOO.filter(({ since = 7 }) => since <= opset).map(({ name }) => ({ name, naming, opset }))));
  return Array.from({ length: count }, (_, i) => {
    const { name, naming, opset } = variants[i % variants.length]!;
    const file = path.join(folder, `${String(i).padStart(4, '0')}-${name}.onnx`);
    writeFileSync(file, architecture(name, { scale: 1 / 64, naming, opset }));
    return file;
  });
}
