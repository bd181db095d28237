import { describe, expect, it } from 'vitest';
import { mayContainModel } from '../../../src/formats/code/gate.js';

describe('the text gate', () => {
  it.each([
    "import * as tf from '@tensorflow/tfjs';",
    'const model = tf.sequential();',
    'model.add(tf.layers.dense({ units: 1 }));',
    'const { dense } = tf.layers;',
    "const tf = require('@tensorflow/tfjs-node');",
    'export const build = (tf) => tf.sequential({ layers: [] });',
    "import { layers, sequential } from '@tensorflow/tfjs-layers';",
    'new tf.Sequential()',
    "import { AlphaDropout } from 'droplint/tfjs';",
  ])('lets through: %s', (text) => expect(mayContainModel(text)).toBe(true));

  it.each(['', 'const layers = map.getLayers();', 'a sequential scan', 'const tf = 1;', "import React from 'react';", 'multiplayers'])('keeps out: %s', (text) => expect(mayContainModel(text)).toBe(false));

  it('does not load ts-morph', async () => {
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(new URL('../../../src/formats/code/gate.ts', import.meta.url), 'utf8');
    expect(text).not.toMatch(/^import/m);
  });
});
