/** Random chains in random idioms and formats: what is read is the chain, and edits change what they say and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../src/formats/code/document.js';
import { mayContainModel } from '../../../src/formats/code/gate.js';
import { insert, move, remove, replace } from '../../../src/graph/edits.js';
import type { Edit } from '../../../src/graph/edits.js';
import type { Layer } from '../../../src/graph/layers.js';
import { graphTexts } from '../../support/graph-text.js';

interface Piece {
  readonly code: string;
  readonly text: string;
}

const PIECES: readonly Piece[] = [
  { code: 'dense({ units: 4 })', text: 'dense' },
  { code: "dense({ units: 4, activation: 'relu' })", text: 'dense → relu' },
  { code: 'dropout({ rate: 0.5 })', text: 'dropout 0.5' },
  { code: 'dropout({\n    rate: 0.25,\n  })', text: 'dropout 0.25' },
  { code: 'reLU()', text: 'relu' },
  { code: "activation({activation: 'tanh'})", text: 'tanh' },
  { code: 'batchNormalization()', text: 'batchNormalization' },
  { code: 'layerNormalization({ axis: -1 })', text: 'layerNormalization' },
];
const FIRST: Piece = { code: 'dense({ units: 4, inputShape: [3] })', text: 'dense' };
const LAST: Piece = { code: 'dense({ units: 1 })', text: 'dense' };

interface Style {
  readonly semicolon: boolean;
  readonly eol: string;
  readonly indent: string;
  readonly namespace: string;
}

/** A piece with what surrounds it: comments above and behind, a blank line before it. */
interface Dressed extends Piece {
  readonly above: string | undefined;
  readonly behind: string | undefined;
  readonly gap: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  semicolon: fc.boolean(),
  eol: fc.constantFrom('\n', '\r\n'),
  indent: fc.constantFrom('', '  ', '\t', '        '),
  namespace: fc.constantFrom('tf.layers', "tf['layers']", 'L'),
});
const comment = fc.option(fc.constantFrom('// one', '// model.add(tf.layers.dropout(0.9))', '/* two */', '// drei; vier, {'), { nil: undefined, freq: 2 });
const dressed: fc.Arbitrary<Dressed> = fc.record({ piece: fc.constantFrom(...PIECES), above: comment, behind: comment, gap: fc.boolean() }).map(({ piece, ...rest }) => ({ ...piece, ...rest }));
const pieces = fc.array(dressed, { minLength: 1, maxLength: 7 });
const bare = (piece: Piece): Dressed => ({ ...piece, above: undefined, behind: undefined, gap: false });

type Idiom = (pieces: readonly Dressed[], style: Style) => string;

const lines = (list: readonly Dressed[], { eol, indent }: Style, write: (piece: Dressed, index: number) => string): string =>
  list.map((piece, index) => `${piece.gap ? eol : ''}${piece.above ? `${indent}${piece.above}${eol}` : ''}${indent}${write(piece, index).replaceAll('\n', eol)}${piece.behind ? ` ${piece.behind}` : ''}${eol}`).join('');

const make = (piece: Piece, { namespace }: Style) => `${namespace}.${piece.code}`;
const head = ({ eol, semicolon }: Style) => `import * as tf from '@tensorflow/tfjs'${semicolon ? ';' : ''}${eol}const L = tf.layers${semicolon ? ';' : ''}${eol}`;
const end = ({ semicolon }: Style) => (semicolon ? ';' : '');

const IDIOMS: Readonly<Record<string, Idiom>> = {
  add: (list, s) => `${head(s)}const model = tf.sequential()${end(s)}${s.eol}${lines(list, s, (piece) => `model.add(${make(piece, s)})${end(s)}`)}`,
  inFunction: (list, s) => `${head(s)}export function build(options) {${s.eol}const m = tf.sequential()${end(s)}${s.eol}${lines(list, s, (piece) => `m.add(${make(piece, s)})${end(s)}`)}return m${end(s)}${s.eol}}${s.eol}`,
  field: (list, s) => `${head(s)}class Net {${s.eol}build() {${s.eol}this.model = tf.sequential()${end(s)}${s.eol}${lines(list, s, (piece) => `this.model.add(${make(piece, s)})${end(s)}`)}}${s.eol}}${s.eol}`,
  array: (list, s) => `${head(s)}const model = tf.sequential({ layers: [${s.eol}${lines(list, s, (piece) => `${make(piece, s)},`)}] })${end(s)}${s.eol}`,
  push: (list, s) => `${head(s)}const layers = []${end(s)}${s.eol}${lines(list, s, (piece) => `layers.push(${make(piece, s)})${end(s)}`)}const model = tf.sequential({ layers })${end(s)}${s.eol}`,
  steps: (list, s) => `${head(s)}const input = tf.input({ shape: [3] })${end(s)}${s.eol}let x = input${end(s)}${s.eol}${lines(list, s, (piece) => `x = ${make(piece, s)}.apply(x)${end(s)}`)}const model = tf.model({ inputs: input, outputs: x })${end(s)}${s.eol}`,
  constants: (list, s) => `${head(s)}const x0 = tf.input({ shape: [3] })${end(s)}${s.eol}${lines(list, s, (piece, index) => `const x${index + 1} = ${make(piece, s)}.apply(x${index})${end(s)}`)}const model = tf.model({ inputs: x0, outputs: x${list.length} })${end(s)}${s.eol}`,
};
const idiom = fc.constantFrom(...Object.keys(IDIOMS));

/** A text with the first and last layer around the random ones, and the chain that it is. */
const program = fc.record({ name: idiom, list: pieces, style }).map(({ name, list, style: s }) => {
  const whole = [bare(FIRST), ...list, bare(LAST)];
  return { name, whole, style: s, text: IDIOMS[name]!(whole, s), file: name === 'field' ? 'net.ts' : 'net.js' };
});
const chainOf = (list: readonly Piece[]) => `model: ${list.map(({ text }) => text).join(' → ')}`;

/** The layer of the chain that the n-th piece ends with; `begin` the one that it begins with. */
function layersOf(document: CodeDocument, list: readonly Piece[]): { readonly begin: readonly Layer[]; readonly end: readonly Layer[] } {
  const layers = document.models[0]!.variants[0]![0]!.layers;
  const begin: Layer[] = [];
  const ends: Layer[] = [];
  let at = 0;
  for (const { text } of list) {
    begin.push(layers[at]!);
    at += text.split(' → ').length;
    ends.push(layers[at - 1]!);
  }
  return { begin, end: ends };
}

const isDropout = ({ text }: Piece) => text.startsWith('dropout');
/** The characters of a text, white space apart, in order of their value: what no move may change. */
const characters = (text: string) => [...text.replaceAll(/\s/g, '')].sort().join('');

function lowered(document: CodeDocument, edits: readonly Edit[]): CodeDocument | string {
  const { splices, refusals: [refusal] } = document.lower([edits]);
  return refusal ?? document.withSplices(splices);
}

describe('random programs', () => {
  it('are read as their chain', () => {
    fc.assert(fc.property(program, ({ text, whole, file }) => {
      expect(mayContainModel(text)).toBe(true);
      expect(graphTexts(readCode(file, text))).toEqual([chainOf(whole)]);
    }), { numRuns: 80 });
  });

  it('nothing is changed by no edit', () => {
    fc.assert(fc.property(program, ({ text, file }) => { expect(readCode(file, text).withSplices([]).text).toBe(text); }), { numRuns: 30 });
  });

  it('a dropout that moves behind its neighbour moves, and nothing else changes', () => {
    fc.assert(fc.property(program, fc.nat(), ({ text, whole, file, name }, seed) => {
      const places = whole.flatMap((piece, index) => (index > 0 && index < whole.length - 2 && isDropout(piece) ? [index] : []));
      fc.pre(places.length > 0);
      const at = places[seed % places.length]!;
      const document = readCode(file, text);
      const { begin, end: ends } = layersOf(document, whole);
      const after = lowered(document, [move(begin[at]!).after(ends[at + 1]!)]);
      if (typeof after === 'string') {
        // Two that are alike change nothing when they change places.
        expect(after).toBe('there is nothing to change');
        expect(whole[at]!.code).toBe(whole[at + 1]!.code);
        return;
      }
      const expected = [...whole.slice(0, at), whole[at + 1]!, whole[at]!, ...whole.slice(at + 2)];
      expect(graphTexts(after)).toEqual([chainOf(expected)]);
      // Constants change their arguments; every other idiom keeps each character.
      if (name !== 'constants') expect(characters(after.text)).toBe(characters(text));
      expect(after.text.split(/\r\n|\n/).length).toBe(text.split(/\r\n|\n/).length);
    }), { numRuns: 80 });
  });

  it('and back again: the text that it was', () => {
    fc.assert(fc.property(program, ({ text, whole, file, name }) => {
      const at = whole.findIndex((piece, index) => index > 0 && index < whole.length - 2 && isDropout(piece) && !isDropout(whole[index + 1]!));
      // Where blank lines and comments stand tells them apart: they stay at their places.
      fc.pre(at > 0 && name !== 'constants');
      const document = readCode(file, text);
      const { begin, end: ends } = layersOf(document, whole);
      const there = lowered(document, [move(begin[at]!).after(ends[at + 1]!)]);
      if (typeof there === 'string') return;
      const moved = [...whole.slice(0, at), whole[at + 1]!, whole[at]!, ...whole.slice(at + 2)];
      const again = layersOf(there, moved);
      const back = lowered(there, [move(again.begin[at + 1]!).before(again.begin[at]!)]);
      expect(typeof back === 'string' ? back : back.text).toBe(text);
    }), { numRuns: 60 });
  });

  it('a dropout that is removed is gone, with its comments and its line', () => {
    fc.assert(fc.property(program, ({ text, whole, file, style: s, name }) => {
      const at = whole.findIndex((piece, index) => index > 0 && isDropout(piece));
      fc.pre(at > 0);
      const document = readCode(file, text);
      const after = lowered(document, [remove(layersOf(document, whole).begin[at]!)]);
      expect(typeof after).toBe('object');
      const rest = [...whole.slice(0, at), ...whole.slice(at + 1)];
      expect(graphTexts(after as CodeDocument)).toEqual([chainOf(rest)]);
      if (name === 'constants') return;
      const kept = rest.map((piece, index) => (index === at && whole[at]!.gap ? { ...piece, gap: piece.gap || whole[at]!.gap } : piece));
      // The blank line before it stays.
      expect((after as CodeDocument).text.replaceAll(/(?:\r?\n)+/g, '\n')).toBe(IDIOMS[name]!(kept, s).replaceAll(/(?:\r?\n)+/g, '\n'));
    }), { numRuns: 60 });
  });

  it('dropouts of another law are that, with an import, and back again are the text that it was', () => {
    fc.assert(fc.property(program, fc.constantFrom('alpha', 'gaussian', 'concrete'), ({ text, whole, file, style: s }, law) => {
      const at = whole.flatMap((piece, index) => (isDropout(piece) ? [index] : []));
      fc.pre(at.length > 0);
      const to = (document: CodeDocument, other: typeof law | 'bernoulli', list: readonly Piece[]) => {
        const { begin } = layersOf(document, list);
        const { splices, refusals } = document.lower(at.map((index) => [replace(begin[index]!, { kind: 'dropout', rate: 'keep', unit: 'element', law: other })]));
        expect(refusals).toEqual(at.map(() => undefined));
        return document.withSplices(splices);
      };
      const there = to(readCode(file, text), law, whole);
      const expected = whole.map((piece) => (isDropout(piece) ? { ...piece, text: `${law}-${piece.text}` } : piece));
      expect(graphTexts(there)).toEqual([chainOf(expected)]);
      expect(there.text.split(/\r?\n/)[1]).toMatch(new RegExp(`^import \\{ \\w+ \\} from 'droplint/tfjs'${s.semicolon ? ';' : ''}$`));
      expect(to(there, 'bernoulli', expected).text).toBe(text);
    }), { numRuns: 60 });
  });

  it('a dropout whose rate a dense layer takes over, and back again', () => {
    const taken = [bare({ code: 'dropout({ rate: 0.5 })', text: 'dropout 0.5' }), bare({ code: "dense({ units: 4, activation: 'relu' })", text: 'dense → relu' })];
    fc.assert(fc.property(idiom, pieces, style, (name, list, s) => {
      fc.pre(name !== 'constants');
      const whole = [bare(FIRST), ...list, ...taken, bare(LAST)];
      const text = IDIOMS[name]!(whole, s);
      const document = readCode('net.ts', text);
      const { begin } = layersOf(document, whole);
      const there = lowered(document, [remove(begin.at(-3)!), insert({ kind: 'dropout', rate: 0.5, unit: 'weight' }).before(begin.at(-2)!)]);
      if (typeof there === 'string') throw new Error(there);
      const { layers } = there.models[0]!.variants[0]![0]!;
      const dense = layers.findIndex(({ type, kind }) => type === 'DropConnectDense' && kind === 'linear');
      const back = lowered(there, [remove(layers[dense - 1]!), insert({ kind: 'dropout', rate: 0.5, unit: 'element' }).before(layers[dense]!)]);
      expect(typeof back === 'string' ? back : back.text).toBe(text);
    }), { numRuns: 40 });
  });

  it('a dropout that is inserted before the last layer stands there, in the spelling of the file', () => {
    fc.assert(fc.property(program, ({ text, whole, file, style: s, name }) => {
      const document = readCode(file, text);
      const after = lowered(document, [insert({ kind: 'dropout', rate: 0.5, unit: 'element' }).before(layersOf(document, whole).begin.at(-1)!)]);
      expect(typeof after).toBe('object');
      const added: Piece = { code: 'dropout({ rate: 0.5 })', text: 'dropout 0.5' };
      const expected = [...whole.slice(0, -1), bare(added), whole.at(-1)!];
      expect(graphTexts(after as CodeDocument)).toEqual([chainOf(expected)]);
      if (name !== 'constants') expect((after as CodeDocument).text).toBe(IDIOMS[name]!(expected, s));
    }), { numRuns: 60 });
  });
});

describe('random text', () => {
  const fragments = fc.constantFrom('tf', '.layers', '.sequential', '(', ')', '{', '}', '[', ']', ',', ';', '\n', ' const m = ', 'm.add', '.dropout', '.apply', 'rate: 0.5', '=>', 'for (const l of ls) ', 'if (a) ', ' else ', 'return ', '...', '`', "'", '/*', '//', 'class A { b() ', 'await ', '?', ':', '<script>', '</script>', '@tensorflow/tfjs', 'switch (x) { case 1: ', 'function f(x) ');
  it('is read without an exception', () => {
    fc.assert(fc.property(fc.array(fragments, { maxLength: 60 }), fc.constantFrom('a.ts', 'a.js', 'a.tsx', 'a.html'), (parts, file) => {
      const document = readCode(file, parts.join(''));
      for (const graph of document.models.flatMap(({ variants }) => variants.flat())) {
        for (const layer of graph.layersOf('dropout')) expect(document.lower([[remove(layer)]]).refusals).toHaveLength(1);
      }
    }), { numRuns: 300 });
  });
});
