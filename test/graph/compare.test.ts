import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import pc from 'picocolors';
import { chainModel, toOnnx, type OnnxOptions } from '../../fixtures/chain/onnx.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { compareModels } from '../../src/graph/compare.js';
import { longestRising } from '../../src/graph/match.js';
import { diffText } from '../../src/report/diff-text.js';
import { ChainDocument } from '../support/chain-document.js';

function compare(before: string, after: string, options: OnnxOptions = {}, other: OnnxOptions = options) {
  const [a, b] = [readOnnxBytes(toOnnx(before, options)), readOnnxBytes(toOnnx(after, other))];
  const graphs = (document: typeof a) => document.models.flatMap(({ variants }) => variants[0]!);
  return compareModels(graphs(a), graphs(b), { before: (layer) => a.weightsOf(layer), after: (layer) => b.weightsOf(layer) });
}
const changes = (...args: Parameters<typeof compare>) => compare(...args)[0]!.differences.map(({ change, before, after, details }) => `${change} ${(after ?? before)?.description ?? ''}${details.length > 0 ? ` (${details.join('; ')})` : ''}`);

const CHAIN = 'linear(16) → dropout(0.5) → gelu → linear(16) → relu → linear(4)';

describe('what differs', () => {
  it.each(['torchscript', 'dynamo', 'keras', 'mxnet'] as const)('nothing, between a model and itself (%s)', (naming) => {
    const [main] = compare(CHAIN, CHAIN, { naming });
    expect(main).toMatchObject({ differences: [], unreadable: 0 });
    expect(main!.same).toBeGreaterThan(5);
  });

  it('names and numbers of nodes are no difference', () => {
    expect(changes(CHAIN, CHAIN, { naming: 'torchscript' }, { naming: 'dynamo' })).toEqual([]);
  });

  it.each([
    ['a dropout that moved', 'linear(16) → gelu → dropout(0.5) → linear(16) → relu → linear(4)', ['moved dropout 0.5 (live)']],
    ['a dropout that went', 'linear(16) → gelu → linear(16) → relu → linear(4)', ['removed dropout 0.5 (live)']],
    ['a dropout that came', 'linear(16) → dropout(0.5) → gelu → linear(16) → relu → dropout(0.2) → linear(4)', ['added dropout 0.2 (live)']],
    ['another rate', 'linear(16) → dropout(0.3) → gelu → linear(16) → relu → linear(4)', ['reconfigured dropout 0.3 (live) (rate: 0.5 → 0.3)']],
    ['another activation', 'linear(16) → dropout(0.5) → gelu → linear(16) → tanh → linear(4)', ['reconfigured tanh (function: relu → tanh)']],
  ])('%s', (_, after, expected) => {
    expect(changes(CHAIN, after, { naming: 'torchscript' })).toEqual(expected);
  });

  it('another width is a setting, and so are the shapes of the weights', () => {
    const [first, second, ...rest] = changes('linear(16) → relu → linear(4)', 'linear(32) → relu → linear(4)');
    expect(first).toMatch(/^reconfigured linear 32 \(units: 16 → 32; parameters: \d+ → \d+; .*: \[.*16.*\] → \[.*32.*\]/);
    expect(second).toMatch(/^reconfigured linear 4 \(parameters/);
    expect(rest).toEqual([]);
  });

  it('inputs and outputs', () => {
    expect(changes('input(16) → linear(4)', 'input(16) → linear(4)', { batch: 'static' }, { batch: 'symbolic' })).toEqual([expect.stringMatching(/^interface {2}\(inputs: input float32\[2, 16\] → input float32\[batch, 16\]\)$/), expect.stringMatching(/^interface/)]);
  });

  it('weights, by their content', () => {
    const model = (value: number) => {
      const built = chainModel('linear(16) → relu → linear(4)');
      const bytes = built.encode();
      // The last byte of the largest weight: a float's sign and exponent.
      const at = Buffer.from(bytes).lastIndexOf(Buffer.from([0x3d]));
      bytes[at] = value;
      return readOnnxBytes(bytes);
    };
    const [a, b] = [model(0x3d), model(0x3e)];
    const graphs = (document: typeof a) => document.models.flatMap(({ variants }) => variants[0]!);
    const weighed = compareModels(graphs(a), graphs(b), { before: (layer) => a.weightsOf(layer), after: (layer) => b.weightsOf(layer) });
    expect(weighed[0]!.differences).toMatchObject([{ change: 'reweighted', details: [expect.stringMatching(/other values$/)] }]);
    expect(compareModels(graphs(a), graphs(b))[0]!.differences).toEqual([]);
  });

  it('says it in words', () => {
    const text = diffText(compare(CHAIN, 'linear(16) → gelu → dropout(0.3) → linear(16) → tanh → dropout(0.2) → linear(4)'), ['opset of ai.onnx: 13 → 17'], pc.createColors(false));
    expect(text).toMatchSnapshot();
  });
});

describe('properties', () => {
  const LAYERS = ['relu', 'gelu', 'tanh', 'dropout 0.5', 'dropout 0.2', 'linear', 'batch-norm'];
  const chain = fc.array(fc.constantFrom(...LAYERS), { minLength: 1, maxLength: 14 }).map((layers) => layers.map((layer, index) => layer.replace(/^\S+/, (kind) => `${kind}@l${index}`)).join(' → '));
  const graphsOf = (text: string) => new ChainDocument(text).models.flatMap(({ variants }) => variants[0]!);

  it('a model equals itself, and differences account for every layer', () => {
    fc.assert(fc.property(chain, chain, (x, y) => {
      expect(compareModels(graphsOf(x), graphsOf(x))[0]!.differences).toEqual([]);
      const [{ differences, same }] = compareModels(graphsOf(x), graphsOf(y)) as [ReturnType<typeof compareModels>[0]];
      const of = (...kinds: string[]): number => differences.filter(({ change }) => kinds.includes(change)).length;
      const [before, after] = [x, y].map((text) => text.split(' → ').length) as [number, number];
      expect(same + of('added', 'moved', 'reconfigured', 'rewired', 'reweighted')).toBe(after);
      expect(before - of('removed')).toBe(after - of('added'));
    }));
  });

  it('longestRising is one, and none is longer', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(50), { maxLength: 9 }), (numbers) => {
      const chosen = [...longestRising(numbers)].sort((a, b) => a - b).map((index) => numbers[index]!);
      expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
      let longest = 0;
      for (let mask = 0; mask < 1 << numbers.length; mask += 1) {
        const some = numbers.filter((_, index) => mask & (1 << index));
        if (some.every((number, index) => index === 0 || some[index - 1]! < number)) longest = Math.max(longest, some.length);
      }
      expect(chosen).toHaveLength(longest);
    }), { numRuns: 60 });
  });
});
