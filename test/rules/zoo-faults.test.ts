/**
 * Recall and precision: one fault of each rule planted in respected architectures. `npm run zoo` plants them all and
 * prints the table; here is a sample of them, drawn with a seed.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { rules } from '../../rules/index.js';
import { Random } from '../../fixtures/builders/random.js';
import { closeVerifier, prove } from '../../src/verify/index.js';
import { measure, plantedFaults, readFaults, sampleSpecimens } from '../support/planting.js';
import type { Specimen } from '../support/planting.js';

/** Of each rule in each format. */
const SAMPLE = 3;
const SEED = 5;

const faults = await readFaults();
afterAll(closeVerifier);

const label = ({ site, planted, writing }: Specimen) => `${site.architecture}, ${planted.what} at ${planted.at}, ${writing}`;

describe('the mutators', () => {
  it('are there for every rule, in formats that it speaks of', () => {
    expect([...faults.keys()]).toEqual(rules.map(({ id }) => id).sort());
    for (const { id, formats } of rules) for (const format of faults.get(id)!.formats) expect(formats, id).toContain(format);
  });

  it('plant more than a thousand faults, some of every rule in every format', () => {
    const counts = [...faults].flatMap(([id, fault]) => fault.formats.map((format) => [`${id} in ${format}`, plantedFaults(fault, format).length] as const));
    expect(counts.filter(([, count]) => count < 3)).toEqual([]);
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1000);
  });
});

describe.each([...faults].map(([id, fault]) => ({ id, fault })))('$id', ({ id, fault }) => {
  it.each(fault.formats.map((format) => ({ format })))('is found where it is planted in $format, mended, and nothing else is reported', async ({ format }) => {
    const specimens = sampleSpecimens(id, fault, format, SAMPLE, new Random(SEED));
    expect(specimens.length).toBeGreaterThan(0);
    for (const specimen of specimens) {
      const measured = await measure(specimen, prove);
      const context = `${label(specimen)}: ${specimen.gap ?? measured?.note ?? ''}`;
      expect(measured?.found, context).toBe(specimen.gap === undefined);
      expect(measured?.falseAlarms, context).toEqual([]);
      expect(measured?.fixed, context).not.toBe(false);
      expect(measured?.proven, context).not.toBe(false);
    }
  });
});
