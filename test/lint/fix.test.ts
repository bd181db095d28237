import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/formats/document.js';
import { insert, move, remove, type Edit, type FixClass } from '../../src/graph/edits.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { fixDocument, MAX_PASSES, type FixRequest } from '../../src/lint/fix.js';
import type { Prove } from '../../src/lint/proving.js';
import { defineRule, type Rule } from '../../src/rule.js';
import type { Layer } from '../../src/graph/layers.js';
import type { Proof } from '../../src/verify/proof.js';
import { ChainDocument, erased } from '../support/chain-document.js';

const head = { statement: '', levels: { recommended: 'warn', strict: 'warn' }, fix: '', formats: ['onnx'], sources: [], messages: { x: 'x' } } as const;
const next = (layer: Layer) => layer.outputs[0]?.consumers[0];
const previous = (layer: Layer) => layer.inputs[0]?.producer;

function dropoutRule(id: string, precedence: number, edit: (dropout: Layer) => Edit | undefined, extra: object = {}): Rule {
  return defineRule({
    ...head, id, precedence,
    *check({ graph }) {
      for (const at of graph.layersOf('dropout')) {
        const found = edit(at);
        if (found) yield { at, messageId: 'x', edits: [found], ...extra };
      }
    },
  });
}

const isActivation = (layer: Layer | undefined): layer is Layer => layer?.kind === 'activation';
const afterActivation = dropoutRule('after-activation', 10, (at) => (isActivation(next(at)) ? move(at).after(next(at) as Layer) : undefined));
const beforeActivation = dropoutRule('before-activation', 20, (at) => (isActivation(previous(at)) ? move(at).before(previous(at) as Layer) : undefined));
const notBeforeOpaque = dropoutRule('not-before-opaque', 5, (at) => (next(at)?.kind === 'opaque' ? remove(at) : undefined));
/** Its fix does not do what it is meant to. */
const insistent: Rule = defineRule({
  ...head, id: 'insistent', precedence: 1,
  *check({ graph }) {
    for (const at of graph.layersOf('linear')) yield { at, messageId: 'x', edits: [insert({ kind: 'dropout', rate: 0.5, unit: 'element' }).after(at)] };
  },
});

const proof = (verdict: Proof['verdict'], reason?: string, claim: FixClass = 'exact'): Proof => ({ class: claim, verdict, checks: [], ...(reason && { reason }) });
/** What a chain computes at inference must stay the same. */
const honest: Prove = async (before, after, claim) =>
  proof(erased(before as Document as ChainDocument) === erased(after as Document as ChainDocument) ? 'proven' : 'refuted', undefined, claim);
/** Counts what it is asked, and accuses what it is told to. */
function accusing(guilty: (after: string) => Proof | undefined): { prove: Prove; claims: FixClass[] } {
  const claims: FixClass[] = [];
  return { claims, prove: async (before, after, claim) => (claims.push(claim), guilty((after as Document as ChainDocument).text) ?? honest(before, after, claim)) };
}

const ALL = new Set<FixClass>(['exact', 'exact-in-distribution', 'inference-exact', 'repair']);
async function fix(text: string, rules: readonly Rule[], request: Partial<FixRequest> = {}, options: ConstructorParameters<typeof ChainDocument>[1] = {}) {
  const outcome = await fixDocument(new ChainDocument(text, options), {
    rules: rulesFor({}, rules), mode: 'auto', classes: ALL, level: 'warn', prove: honest, ...request,
  });
  return {
    text: (outcome.document as Document as ChainDocument).text,
    fixed: outcome.fixed.map(({ finding }) => finding.identity),
    proofs: outcome.fixed.map((each) => each.proof?.verdict),
    remaining: outcome.remaining.map(({ identity }) => identity),
    refusals: Object.fromEntries(outcome.refusals),
    failed: Object.fromEntries([...outcome.failedProofs].map(([identity, { verdict }]) => [identity, verdict])),
  };
}

const TWO = 'linear → dropout@a 0.5 → relu → linear → dropout@b 0.5 → relu → linear';
const TWO_FIXED = 'linear → relu → dropout@a 0.5 → linear → relu → dropout@b 0.5 → linear';

describe('fixDocument', () => {
  it('fixes everything that is proven, in one pass where it can', async () => {
    const { prove, claims } = accusing(() => undefined);
    expect(await fix(TWO, [afterActivation], { prove })).toMatchObject({
      text: TWO_FIXED, fixed: ['after-activation a', 'after-activation b'], proofs: ['proven', 'proven'], remaining: [],
    });
    expect(claims).toEqual(['exact']);
  });

  it('reads again until nothing is left', async () => {
    const outcome = await fix('linear → dropout@a 0.5 → relu → gelu → relu → linear', [afterActivation]);
    expect(outcome.text).toBe('linear → relu → gelu → relu → dropout@a 0.5 → linear');
    expect(outcome.fixed).toHaveLength(3);
  });

  it('proves the strongest class on its own', async () => {
    const { prove, claims } = accusing(() => undefined);
    await fix('linear → dropout@a 0.5 → gelu → linear → dropout@b 0.5 → relu → linear', [afterActivation], { prove });
    expect(claims).toEqual(['exact', 'inference-exact']);
  });

  it('makes one edit per dropout and pass, in the order of the rules', async () => {
    const text = 'linear → dropout@a 0.5 → relu → opaque';
    const rules = [afterActivation, notBeforeOpaque];
    expect(await fix(text, rules)).toMatchObject({ text: 'linear → relu → opaque', fixed: ['after-activation a', 'not-before-opaque a'] });
  });

  it.each([
    ['a class that was not asked for', { classes: new Set<FixClass>(['inference-exact']) }],
    ['a level below the one asked for', { level: 'error' }],
  ] as const)('leaves alone %s', async (_, request) => {
    expect(await fix(TWO, [afterActivation], request)).toMatchObject({ text: TWO, fixed: [], remaining: ['after-activation a', 'after-activation b'], failed: {} });
  });

  it('applies suggestions only when asked', async () => {
    const suggests = dropoutRule('suggests', 1, (at) => remove(at), { suggestion: true });
    const text = 'linear → dropout@a 0.5 → linear';
    expect((await fix(text, [suggests])).text).toBe(text);
    expect((await fix(text, [suggests], { classes: new Set<FixClass>([...ALL, 'suggestion']) })).text).toBe('linear → linear');
  });

  it('keeps refusals beside their findings and does not ask again', async () => {
    let asked = 0;
    const refuse = (edits: readonly Edit[]) => (edits.some((edit) => 'layer' in edit && edit.layer.key === 'a') && (asked += 1) ? 'a must stay' : undefined);
    expect(await fix(TWO, [afterActivation], {}, { refuse })).toMatchObject({
      fixed: ['after-activation b'], remaining: ['after-activation a'], refusals: { 'after-activation a': 'a must stay' },
    });
    expect(asked).toBeLessThanOrEqual(2);
  });

  it('makes in a later pass what is refused only because of its neighbour', async () => {
    const text = 'linear → dropout@a 0.5 → opaque → dropout@b 0.5 → opaque';
    const crowded = new ChainDocument(text);
    let first = true;
    const refuse = (edits: readonly Edit[]) => (first && 'layer' in edits[0]! && edits[0].layer.key === 'b' && (first = false, true) ? 'crowded' : undefined);
    expect(await fix(crowded.text, [notBeforeOpaque], {}, { refuse })).toMatchObject({ text: 'linear → opaque → opaque', refusals: {} });
  });

  it('without a prover applies everything, and claims no proof', async () => {
    expect(await fix(TWO, [afterActivation], { prove: undefined })).toMatchObject({ text: TWO_FIXED, proofs: [undefined, undefined] });
  });
});

describe('what is not proven', () => {
  const chain = (...names: string[]) => names.map((name) => `linear → dropout@${name} 0.5 → relu`).join(' → ');
  const moved = (name: string) => `relu → dropout@${name}`;

  it.each(['refuted', 'unverifiable'] as const)('a %s fix is found among the others, stays a finding, and is not tried again', async (verdict) => {
    const { prove, claims } = accusing((after) => (after.includes(moved('c')) ? proof(verdict, 'c') : undefined));
    const outcome = await fix(chain('a', 'b', 'c', 'd'), [afterActivation], { prove });
    expect(outcome).toMatchObject({
      fixed: ['after-activation a', 'after-activation b', 'after-activation d'], remaining: ['after-activation c'], failed: { 'after-activation c': verdict },
    });
    expect(outcome.text).not.toContain(moved('c'));
    expect(claims.length).toBeLessThanOrEqual(6);
  });

  it('several culprits at once', async () => {
    const { prove } = accusing((after) => (['a', 'd', 'e'].some((name) => after.includes(moved(name))) ? proof('refuted') : undefined));
    const outcome = await fix(chain('a', 'b', 'c', 'd', 'e', 'f'), [afterActivation], { prove });
    expect(outcome.fixed).toEqual(['b', 'c', 'f'].map((name) => `after-activation ${name}`));
    expect(outcome.remaining).toEqual(['a', 'd', 'e'].map((name) => `after-activation ${name}`));
  });

  it('two fixes that are right alone and wrong together: one is kept', async () => {
    const { prove } = accusing((after) => (after.includes(moved('a')) && after.includes(moved('b')) ? proof('refuted') : undefined));
    expect(await fix(chain('a', 'b'), [afterActivation], { prove })).toMatchObject({ fixed: ['after-activation a'], failed: { 'after-activation b': 'refuted' } });
  });

  it('a model that cannot be executed at all is not tried fix by fix', async () => {
    const names = [...'abcdefghijklmnop'];
    const { prove, claims } = accusing(() => proof('unverifiable', 'no kernel for Custom'));
    const outcome = await fix(chain(...names), [afterActivation], { prove });
    expect(outcome.text).toBe(chain(...names));
    expect(Object.keys(outcome.failed)).toHaveLength(names.length);
    expect(claims.length).toBeLessThanOrEqual(6);
  });
});

describe('termination', () => {
  it('two rules that undo each other stop when an earlier state comes back', async () => {
    const outcome = await fix('linear → dropout@a 0.5 → relu → linear', [afterActivation, beforeActivation]);
    expect(outcome).toMatchObject({ text: 'linear → relu → dropout@a 0.5 → linear', fixed: ['after-activation a'], remaining: ['before-activation a'] });
    expect(outcome.refusals['before-activation a']).toContain('earlier state');
  });

  it('what was inserted in vain is not inserted again', async () => {
    const outcome = await fix('linear@l → relu', [insistent]);
    expect(outcome.text).toBe('linear@l → dropout@new 0.5 → relu');
    expect(outcome.remaining).toEqual(['insistent l']);
  });

  it(`ends after ${MAX_PASSES} passes`, async () => {
    const text = `linear → dropout@a 0.5${' → relu'.repeat(MAX_PASSES + 5)}`;
    const outcome = await fix(text, [afterActivation]);
    expect(outcome.fixed).toHaveLength(MAX_PASSES);
    expect(outcome.remaining).toEqual(['after-activation a']);
  });
});

describe('for any chain and any set of fixes that cannot be proven', () => {
  const layers = fc.array(fc.constantFrom('linear', 'relu', 'gelu', 'opaque', 'dropout'), { minLength: 1, maxLength: 24 });
  const text = layers.map((words) => ['linear', ...words].map((word, index) => (word === 'dropout' ? `dropout@d${index} 0.5` : `${word}@l${index}`)).join(' → '));

  it('ends, keeps what is computed at inference, and leaves each unproven fix a finding', async () => {
    await fc.assert(fc.asyncProperty(text, fc.integer({ min: 2, max: 7 }), fc.boolean(), async (chain, divisor, isRefuted) => {
      const isGuilty = (after: string): boolean => [...after.matchAll(/relu@l\d+ → dropout@d(\d+)/g)].some(([match, index]) => Number(index) % divisor === 0 && !chain.includes(match));
      const { prove } = accusing((after) => (isGuilty(after) ? proof(isRefuted ? 'refuted' : 'unverifiable', 'guilty') : undefined));
      const outcome = await fix(chain, [afterActivation, notBeforeOpaque], { prove });
      expect(erased(new ChainDocument(outcome.text))).toBe(erased(new ChainDocument(chain)));
      expect(isGuilty(outcome.text)).toBe(false);
      expect(outcome.proofs.every((verdict) => verdict === 'proven')).toBe(true);
      const open = outcome.remaining.filter((identity) => !(identity in outcome.failed));
      expect(open.length === 0 || outcome.fixed.length >= MAX_PASSES).toBe(true);
    }), { numRuns: 300 });
  });
});
