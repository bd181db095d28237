import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import { projectResolver } from '../../../src/formats/code/project.js';
import { graphTexts } from '../../support/graph-text.js';

const MAIN = (specifier: string) => `import * as tf from '@tensorflow/tfjs';
import { addHead } from '${specifier}';
export function build() {
  const m = tf.sequential();
  m.add(tf.layers.dense({ units: 8, inputShape: [4] }));
  addHead(m);
  return m;
}
`;
const HEAD = `import * as tf from '@tensorflow/tfjs';
import { RATE } from './settings';
export function addHead(model: tf.Sequential): void {
  model.add(tf.layers.dropout({ rate: RATE }));
  model.add(tf.layers.dense({ units: 1 }));
}
`;

describe('helpers in other files', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'droplint-project-'));
    mkdirSync(path.join(folder, 'src', 'parts'), { recursive: true });
    writeFileSync(path.join(folder, 'base.json'), JSON.stringify({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler' } }));
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ extends: './base.json', compilerOptions: { paths: { '@parts/*': ['./src/parts/*'] } } }));
    writeFileSync(path.join(folder, 'src', 'parts', 'head.ts'), HEAD);
    writeFileSync(path.join(folder, 'src', 'parts', 'settings.ts'), 'export const RATE = 0.25;\n');
    writeFileSync(path.join(folder, 'src', 'parts', 'index.ts'), "export * from './head';\n");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['./parts/head', './parts/head.js', './parts', '@parts/head'])('through %s', (specifier) => {
    const document = readCode(path.join(folder, 'src', 'model.ts'), MAIN(specifier), { resolve: projectResolver() });
    expect(graphTexts(document)).toEqual(['model: dense → dropout 0.25 → dense']);
  });

  it.each(['./missing', 'some-package'])('what does not resolve is unknown: %s', (specifier) => {
    const document = readCode(path.join(folder, 'src', 'model.ts'), MAIN(specifier), { resolve: projectResolver() });
    expect(graphTexts(document)).toEqual(['fragment: dense → <addHead> → <unknown>']);
  });
});
