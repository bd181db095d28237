import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { readingOf } from '../../bench/measure/reading.js';
import { bareChain, linearChain } from '../../bench/models/chain.js';
import { writeSmallModels } from '../../bench/models/folder.js';
import { SHAPES } from '../../bench/models/shapes.js';
import { writeWithHoles } from '../../bench/models/sparse-file.js';
import { transformer } from '../../bench/models/transformer.js';
import { weightBytes } from '../../bench/models/unweighted.js';
import { readOnnx, readOnnxBytes } from '../../src/formats/onnx/document.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import { checkModels, checkerVersion } from '../support/onnx-checker.js';

const folder = mkdtempSync(path.join(tmpdir(), 'droplint-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodesOf = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes).graph!.node;

describe('chains', () => {
  it('have as many nodes as asked for, and one planted fault in a hundred steps', () => {
    const bytes = linearChain(3_000);
    expect(nodesOf(bytes).length).toBe(3_000);
    const findings = lintDocument(readOnnxBytes(bytes), { rules: rulesFor({}), mode: 'training' });
    expect(findings.filter(({ enabled }) => enabled.rule.id === 'dropout-after-activation').length).toBe(10);
  });

  it('are some 30 bytes a node when they are bare', () => {
    const bytes = bareChain(1_000);
    expect(nodesOf(bytes).length).toBe(1_000);
    expect(bytes.length).toBeLessThan(35_000);
  });

  it.each(Object.entries(SHAPES))('%s: as many nodes as asked for, give or take a few', (_, build) => {
    expect(nodesOf(build(420)).length).toBeGreaterThan(410);
    expect(nodesOf(build(420)).length).toBeLessThan(430);
  });
});

describe('a model with holes for weights', () => {
  const file = path.join(folder, 'holes.onnx');
  const built = transformer({ blocks: 2, features: 64, vocabulary: 100 });
  const size = writeWithHoles(built, file);

  it('is a model as other readers see it, with weights of zeros', () => {
    const { graph } = fromBinary(ModelProtoSchema, readFileSync(file));
    const weights = graph!.initializer.filter(({ name }) => built.weights.some((weight) => weight.name === name));
    expect(weights.map(({ name, dims }) => ({ name, shape: dims.map(Number) }))).toEqual(built.weights);
    expect(weights.reduce((total, { rawData }) => total + rawData.length, 0)).toBe(weightBytes(built));
    expect(weights.every(({ rawData }) => rawData.every((byte) => byte === 0))).toBe(true);
    expect(graph!.node.length).toBe(built.model.graph.nodes.length);
    expect(graph!.output.map(({ name }) => name)).toEqual(['output']);
    expect(statSync(file).size).toBe(size);
  });

  it('is understood: every dropout is found', () => {
    const [graph] = readOnnx(file).models[0]!.variants[0]!;
    expect(graph!.layersOf('dropout').length).toBe(1 + 2 * 3);
    expect(graph!.layersOf('linear').length).toBe(2 * 6);
  });

  it('is read as little as the same graph with tiny weights', () => {
    const tiny = path.join(folder, 'tiny.onnx');
    const [large, small] = [transformer({ blocks: 2, features: 512, vocabulary: 100 }), transformer({ blocks: 2, features: 64, vocabulary: 10 })];
    writeWithHoles(large, file);
    writeWithHoles(small, tiny);
    expect(weightBytes(large)).toBeGreaterThan(25_000_000);
    expect(readingOf(file).bytes).toBeLessThan(100_000);
    writeWithHoles(built, file);
  });

  it('ends at 2 GiB, as protobuf does', () => {
    const beyond = transformer({ blocks: 0, features: 1 << 15, vocabulary: 1 << 14 });
    expect(() => writeWithHoles(beyond, path.join(folder, 'beyond.onnx'))).toThrow(/2 GiB/);
  });

  it.skipIf(checkerVersion() === '')('is valid to onnx.checker, as the chains are', () => {
    const bytes = [readFileSync(file), linearChain(300), bareChain(300), ...Object.values(SHAPES).map((build) => build(100))];
    expect(checkModels(bytes)).toEqual(bytes.map(() => undefined));
  });
});

describe('a folder of small models', () => {
  it('has different models that all can be linted', () => {
    const files = writeSmallModels(12, folder);
    expect(new Set(files).size).toBe(12);
    for (const file of files) expect(readOnnx(file).models[0]!.variants[0]![0]!.layers.length).toBeGreaterThan(3);
  });
});
