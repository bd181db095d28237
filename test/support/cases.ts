/**
 * One case table, every format. Each row is a chain (see fixtures/chain/syntax.ts); it becomes ONNX graphs of several opset forms, TensorFlow.js
 * code and a model.json, the rule runs on all of them, its fixes are applied and proven, and what comes out must print
 * like the `fixed` chain.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DropoutForm } from '../../fixtures/builders/dropout-forms.js';
import { torchScope } from '../../fixtures/builders/naming.js';
import { field, varintField } from '../../fixtures/builders/wire.js';
import { applyLayers } from '../../fixtures/chain/keras.js';
import { formats, readDocument } from '../../src/formats/registry.js';
import type { BinaryDocument, Document } from '../../src/formats/document.js';
import type { OnnxDocument } from '../../src/formats/onnx/document.js';
import { FIX_CLASSES } from '../../src/graph/edits.js';
import type { FixClass } from '../../src/graph/edits.js';
import { printGraph } from '../../src/graph/print.js';
import { rulesFor } from '../../src/lint/configuration.js';
import type { ConfiguredMode, EnabledRule } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import type { Finding } from '../../src/lint/findings.js';
import { fixDocument } from '../../src/lint/fix.js';
import { presetLevel } from '../../src/lint/presets.js';
import type { Preset, Rule } from '../../src/rule.js';
import { closeVerifier, prove } from '../../src/verify/index.js';
import { CHECKER_OPSET, checkerVersion, checkModels } from './onnx-checker.js';
import { expectOnlyDropoutsChanged } from './untouched.js';
import { allSteps, chainModel, parseChain, toModelJson, writeTensorFlowJs } from './chain.js';
import type { Chain, CodeOptions, OnnxOptions, Step } from './chain.js';

export interface Case {
  readonly chain: string;
  /** Where the rule reports: `dropout`, `dropout#2`, `linear#3`. */
  readonly flags: readonly string[];
  /** Of every finding. */
  readonly level?: 'info' | 'warn' | 'error';
  /** What every message must say. */
  readonly message?: RegExp;
  /** The chain after `--fix`; false: nothing is fixed. Absent on a flagged row: not looked at. */
  readonly fixed?: string | false;
  /** Nothing is fixed, for this reason. */
  readonly refused?: RegExp;
  /** Of every fix. */
  readonly class?: FixClass;
  /** Default: every format that can express the chain. */
  readonly formats?: readonly Document['format'][];
  readonly preset?: Exclude<Preset, 'all'>;
  /** Default training. */
  readonly mode?: ConfiguredMode;
  readonly options?: Readonly<Record<string, unknown>>;
  /** How the ONNX graphs are written; default: two of `FORMS`, another two for each row. */
  readonly onnx?: OnnxOptions | readonly OnnxOptions[];
  readonly code?: CodeOptions;
  /** False: onnxruntime cannot run the model (opset below 7), so fixes are applied without proof. */
  readonly provable?: boolean;
  /** What the row is about, where the chain does not say it. */
  readonly because?: string;
}

const form = (opset: number, from: DropoutForm, more: Partial<OnnxOptions> = {}): OnnxOptions => ({ opset, form: from, ...more });

/** The ratio comes from the run time: no rate is known. */
export const WITHOUT_RATE: OnnxOptions = form(18, 'input');

/** Forms of the Dropout operator that onnxruntime executes and whose rate stands in the file, with the ways in which files differ otherwise. */
export const FORMS: readonly OnnxOptions[] = [
  form(7, 'attribute'),
  form(13, 'constant', { batch: 'symbolic' }),
  form(10, 'attribute', { valueInfo: true }),
  form(17, 'constant', { mask: 'unused' }),
  form(12, 'initializer'),
  form(22, 'initializer', { batch: 'symbolic', valueInfo: true }),
  form(13, 'input-default'),
  form(11, 'attribute', { mask: 'unused', composite: true }),
  form(18, 'initializer', { modeFrom: 'input' }),
  form(13, 'initializer', { state: 'off' }),
  form(14, 'constant', { state: 'unspecified', model: { storage: 'typed' } }),
];

/** The same row at every opset form, the prehistoric ones included; of these onnxruntime has no kernels. */
export const atEveryForm = (row: Case): Case[] => [
  ...[...FORMS, WITHOUT_RATE].map((onnx) => ({ ...row, onnx, formats: ['onnx'] as const })),
  ...[1, 6].flatMap((opset) => (['live', 'off'] as const).map((state) => ({ ...row, onnx: { opset, state }, formats: ['onnx'] as const, provable: false }))),
];

interface Variant {
  readonly label: string;
  readonly format: Document['format'];
  readonly extension: string;
  /** The chain in this format; `undefined` when the format has no such thing. */
  build(chain: Chain): { readonly content: Uint8Array | string; locate(finding: Finding): Step | undefined } | undefined;
}

interface FixedFile {
  readonly context: string;
  readonly bytes: Uint8Array;
  readonly opset: number;
}

/** Runs the rule over every row in every format. */
export function cases(rule: Rule, rows: readonly Case[]): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'droplint-cases-'));
  afterAll(() => {
    closeVerifier();
    rmSync(folder, { recursive: true, force: true });
  });
  const fixed: FixedFile[] = [];
  describe(rule.id, () => {
    rows.forEach((row, i) => {
      const title = `${row.flags.length > 0 ? 'flags' : 'is silent on'} ${row.chain}${row.because ? ` (${row.because})` : ''}${row.preset === 'strict' ? ' in strict' : ''}${row.onnx && !Array.isArray(row.onnx) ? ` ${JSON.stringify(row.onnx)}` : ''}`;
      it(title, async () => {
        const chain = parseChain(row.chain);
        const variants = variantsOf(row, i).filter(({ format }) => rule.formats.includes(format));
        const run = variants.filter((variant) => variant.build(chain));
        expect(run.length, 'no format can express the chain').toBeGreaterThan(0);
        for (const [n, variant] of run.entries()) fixed.push(...(await check(rule, row, chain, variant, path.join(folder, `${i}-${n}`))));
      });
    });
    it.skipIf(!checkerVersion())('every fixed file passes onnx.checker (needs python3-onnx)', () => {
      const checkable = fixed.filter(({ opset }) => opset <= CHECKER_OPSET);
      const complaints = checkModels(checkable.map(({ bytes }) => bytes)).map((error, i) => error && `${checkable[i]!.context}: ${error}`);
      expect(complaints.filter(Boolean)).toEqual([]);
    });
  });
}

function variantsOf(row: Case, index: number): Variant[] {
  const forms = row.onnx ? [row.onnx].flat() : [FORMS[(2 * index) % FORMS.length]!, FORMS[(2 * index + 1) % FORMS.length]!];
  const idioms = (['add', 'array', 'this', 'functional'] as const).map((_, i, all) => all[(i + index) % all.length]!);
  const language = index % 2 === 0 ? 'ts' : 'js';
  const all = [...forms.map(onnxVariant), codeVariant(row.code ? [row.code] : idioms.map((idiom) => ({ idiom, language }))), topologyVariant];
  const readable = new Set(formats.map(({ name }) => name));
  return all.filter(({ format }) => readable.has(format) && (row.formats?.includes(format) ?? true));
}

/** Chains that the opset has no operators for (erf-GELU at 7) are built at the next that has. */
function onnxVariant(options: OnnxOptions): Variant {
  return {
    label: `onnx ${JSON.stringify(options)}`,
    format: 'onnx',
    extension: '.onnx',
    build(chain) {
      const prefixes = [...allSteps(chain)].map((step) => [`/${torchScope(step.scope)}/`, step] as const).sort(([a], [b]) => b.length - a.length);
      const locate = ({ problem }: Finding) => prefixes.find(([prefix]) => problem.at.origin.name.startsWith(prefix))?.[1];
      return { content: build(chain, options), locate };
    },
  };
}

/** With what a fix must leave alone: metadata, and fields that no reader knows. */
function build(chain: Chain, options: OnnxOptions): Uint8Array {
  try {
    const model = chainModel(chain, { spatial: 'operator', ...options, model: { metadata: { note: 'kept' }, nodeMetadata: { note: 'kept too' }, ...options.model } });
    model.after = field(4000, 'unknown to everybody');
    model.graph.before = varintField(4001, 7);
    model.graph.after = field(4002, 'unknown as well');
    return model.encode();
  } catch (error) {
    const [, opset] = /came with opset (\d+)/.exec(String(error)) ?? [];
    if (!opset || Number(opset) <= options.opset!) throw error;
    return build(chain, { ...options, opset: Number(opset), form: Number(opset) >= 12 ? 'initializer' : 'attribute' });
  }
}

/** The first of the idioms that can express the chain. */
function codeVariant(choices: readonly CodeOptions[]): Variant {
  return {
    label: `code ${JSON.stringify(choices[0])}`,
    format: 'code',
    extension: choices[0]?.language === 'js' ? '.js' : '.ts',
    build(chain) {
      for (const options of choices) {
        const code = writeTensorFlowJs(chain, options);
        if (!code) continue;
        const locate = ({ problem }: Finding) => {
          const line = problem.at.origin.source?.line ?? Number.parseInt(problem.at.origin.path, 10);
          return [...code.lines].find(([, at]) => at === line)?.[0];
        };
        return { content: code.text, locate };
      }
      return undefined;
    },
  };
}

const topologyVariant: Variant = {
  label: 'model.json',
  format: 'topology',
  extension: '.json',
  build(chain) {
    const topology = toModelJson(chain);
    const layers = applyLayers(chain)?.layers ?? [];
    return topology && { content: JSON.stringify(topology, undefined, 2), locate: ({ problem }) => layers.find(({ name }) => name === problem.at.origin.name)?.step };
  },
};

async function check(rule: Rule, row: Case, chain: Chain, variant: Variant, stem: string): Promise<readonly FixedFile[]> {
  const files: FixedFile[] = [];
  const file = `${stem}${variant.extension}`;
  const { content, locate } = variant.build(chain)!;
  writeFileSync(file, content);
  const document = await readDocument(file);
  const request = { rules: enabled(rule, row), mode: row.mode ?? ('training' as const) };

  const findings = lintDocument(document, request);
  const context = `${variant.label}\n${print(document)}`;
  const labels = findings.map((finding) => labelOf(chain, locate(finding)) ?? finding.problem.at.origin.name);
  expect(labels.sort(), context).toEqual([...row.flags].sort());
  for (const finding of findings) {
    if (row.level) expect(finding.level, context).toBe(row.level);
    if (row.message) expect(finding.message, context).toMatch(row.message);
    if (row.class) expect(finding.fixClass, context).toBe(row.class);
    expect(finding.message, 'a placeholder was not filled in').not.toMatch(/\{\w+\}|undefined|NaN/);
  }

  if (row.fixed === undefined && !row.refused && row.flags.length > 0) return files;
  const outcome = await fixDocument(document, { ...request, classes: new Set(FIX_CLASSES.filter((fixClass) => fixClass !== 'suggestion')), level: 'info', prove: row.provable === false ? undefined : prove });
  if (!row.fixed) {
    expect(outcome.fixed, context).toEqual([]);
    if (row.refused) expect([...outcome.refusals.values()].join('\n'), context).toMatch(row.refused);
    return files;
  }
  expect([...outcome.refusals.values()], context).toEqual([]);
  expect([...outcome.failedProofs.values()], context).toEqual([]);
  if (row.provable !== false) expect(outcome.fixed.map(({ proof }) => proof?.verdict), context).toEqual(outcome.fixed.map(() => 'proven'));
  if (typeof content !== 'string') {
    const { source } = outcome.document as Document as BinaryDocument;
    const bytes = source.read(0, source.size);
    expectOnlyDropoutsChanged(content, bytes, context);
    files.push({ context, bytes, opset: (outcome.document as Document as OnnxDocument).record.opsets.get('') ?? 1 });
  }
  const wanted = `${stem}-fixed${variant.extension}`;
  writeFileSync(wanted, variant.build(parseChain(row.fixed))!.content);
  expect(print(outcome.document), context).toBe(print(await readDocument(wanted)));
  expect(outcome.remaining.map((finding) => finding.message), context).toEqual([]);
  return files;
}

/** The tested rule alone; options come with the preset's level, since a setting needs one. */
function enabled(rule: Rule, { preset = 'recommended', options }: Case): readonly EnabledRule[] {
  const settings = options && { rules: { [rule.id]: [presetLevel(rule, preset), options] as const } };
  return rulesFor({ preset, ...settings }, [rule]);
}

function print(document: Document): string {
  return document.models.flatMap(({ variants }) => variants.flatMap((graphs) => graphs.map((graph) => printGraph(graph, { names: false, shapes: false })))).join('\n');
}

function labelOf(chain: Chain, step: Step | undefined): string | undefined {
  if (!step) return undefined;
  const twins = [...allSteps(chain)].filter(({ word }) => word === step.word);
  const nth = twins.findIndex(({ scope }) => scope === step.scope) + 1;
  return nth > 1 ? `${step.word}#${nth}` : step.word;
}
