/** Precision: `recommended` has nothing to warn about in respected architectures, in whatever format they are written. */
import { describe, expect, it } from 'vitest';
import { architecture, architectureCode, architectureTopology } from '../../fixtures/builders/architectures.js';
import { ZOO } from '../../fixtures/zoo/index.js';
import { CODE_WRITINGS, WRITINGS } from '../../fixtures/zoo/writings.js';
import { readCode } from '../../src/formats/code/document.js';
import type { Document } from '../../src/formats/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
import { rulesFor } from '../../src/lint/configuration.js';
import type { ConfiguredMode } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';

const rules = rulesFor({ preset: 'recommended' });

/** Every warning and error, in every mode. */
const complaints = (document: Document, modes: readonly ConfiguredMode[], writing: unknown): string[] =>
  modes.flatMap((mode) =>
    lintDocument(document, { rules, mode })
      .filter(({ level }) => level !== 'info')
      .map(({ enabled, problem, message }) => `${enabled.rule.id} at ${problem.at.origin.name} (${problem.at.origin.path}): ${message} ${JSON.stringify(writing)}, mode ${mode}`),
  );

const isLive = ({ models }: Document): boolean => models.some(({ variants }) => variants.some((graphs) => graphs.some((graph) => graph.layersOf('dropout').some(({ state }) => state === 'live'))));

const inFormat = (format: 'onnx' | 'code' | 'topology') => ZOO.filter(({ formats }) => formats?.includes(format) ?? true);
const inCode = inFormat('code').filter(({ name }) => architectureCode(name) !== undefined);
const inTopology = inFormat('topology').filter(({ name }) => architectureTopology(name) !== undefined);

describe('the zoo in ONNX', () => {
  it.each(inFormat('onnx').map(({ name, since = 7 }) => ({ name, since })))('$name is clean', ({ name, since }) => {
    const written = WRITINGS.filter(({ opset }) => opset >= since).map((writing) => {
      const document = readOnnxBytes(architecture(name, writing), `${name}.onnx`) as Document;
      // A graph with live dropout is not a deployment: only the writings without are linted as one.
      return complaints(document, writing.state === 'off' && !isLive(document) ? ['training', 'inference', 'auto'] : ['training', 'auto'], writing);
    });
    expect(written.flat()).toEqual([]);
  });
});

describe('the zoo as TensorFlow.js code', () => {
  it.each(inCode.map(({ name }) => ({ name })))('$name is clean', ({ name }) => {
    const written = CODE_WRITINGS.flatMap((writing) => {
      const text = architectureCode(name, writing);
      return text === undefined ? [] : complaints(readCode(`${name}.${writing.language}`, text) as Document, ['training', 'auto'], writing);
    });
    expect(written).toEqual([]);
  });
});

describe('the zoo as model.json', () => {
  it.each(inTopology.map(({ name }) => ({ name })))('$name is clean', ({ name }) => {
    const document = readTopology('model.json', JSON.stringify(architectureTopology(name))) as Document;
    expect(complaints(document, ['training', 'inference', 'auto'], 'model.json')).toEqual([]);
  });
});

describe('the zoo', () => {
  it('has most of what is natural there in code and in model.json', () => {
    expect(inCode.length).toBeGreaterThanOrEqual(35);
    expect(inTopology.map(({ name }) => name)).toEqual(inCode.map(({ name }) => name));
  });
});
