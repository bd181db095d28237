/** Precision: `recommended` has nothing to warn about in respected architectures. */
import { describe, expect, it } from 'vitest';
import { architecture } from '../../fixtures/builders/architectures.js';
import type { ArchitectureOptions } from '../../fixtures/builders/architectures.js';
import { ZOO } from '../../fixtures/zoo/index.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { Document } from '../../src/formats/document.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';

const writings: readonly ArchitectureOptions[] = [
  { opset: 17, naming: 'torchscript', form: 'constant', training: true },
  { opset: 18, naming: 'dynamo', batch: 'symbolic', valueInfo: true },
  { opset: 13, naming: 'keras', composite: true, form: 'input-default', batch: 'symbolic' },
  { opset: 9, naming: 'mxnet', spatial: 'operator' },
  { opset: 22, naming: 'plain', form: 'input' },
  { opset: 12, naming: 'torchscript', state: 'off', spatial: 'operator' },
];

describe('the zoo in ONNX', () => {
  it.each(ZOO.map(({ name }) => ({ name })))('$name is clean', ({ name }) => {
    const rules = rulesFor({ preset: 'recommended' });
    // A graph with live dropout is not a deployment: only the writings without are linted as one.
    const complaints = writings.flatMap((options) =>
      (options.state === 'off' ? (['training', 'inference', 'auto'] as const) : (['training', 'auto'] as const)).flatMap((mode) =>
        lintDocument(readOnnxBytes(architecture(name, options), `${name}.onnx`) as Document, { rules, mode })
          .filter(({ level }) => level !== 'info')
          .map((finding) => `${finding.enabled.rule.id} ${finding.problem.at.origin.name}: ${finding.message} ${JSON.stringify(options)} ${mode}`),
      ),
    );
    expect(complaints).toEqual([]);
  });
});
