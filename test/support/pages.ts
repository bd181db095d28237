/**
 * The examples of the rules' pages. A fenced block whose info string begins with a language and a verdict is one:
 *
 *     text bad preset=strict opset=17: linear(64) → dropout(0.5) → gelu → linear(10)
 *     text bad builder=frozen-mask: a Mul by a mask that the exporter drew
 *     text fixed
 *     ts good
 *
 * A `text` block holds the printed graph of the chain (fixtures/chain) or of the builder (fixtures/builders/examples.ts);
 * `fixed` holds what the fixes of the rule make of the example before it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EXAMPLES } from '../../fixtures/builders/examples.js';
import type { DropoutForm } from '../../fixtures/builders/dropout-forms.js';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../fixtures/chain/onnx.js';
import type { Document, TextDocument } from '../../src/formats/document.js';
import { FIX_CLASSES } from '../../src/graph/edits.js';
import { readCode } from '../../src/formats/code/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { printGraph } from '../../src/graph/print.js';
import { rulesFor } from '../../src/lint/configuration.js';
import type { ConfiguredMode } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import type { Finding, LintRequest } from '../../src/lint/findings.js';
import { fixDocument } from '../../src/lint/fix.js';
import type { Preset, Rule } from '../../src/rule.js';

export const RULES = path.resolve(import.meta.dirname, '../../rules');

export interface Example {
  readonly rule: string;
  readonly language: 'text' | 'ts' | 'js';
  readonly verdict: 'bad' | 'good' | 'fixed';
  readonly settings: ReadonlyMap<string, string>;
  /** The chain, or what a builder's graph is. */
  readonly subject: string;
  readonly body: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** The example that a `fixed` one is made of. */
  readonly before: Example | undefined;
}

export const pageOf = (rule: string): string => readFileSync(path.join(RULES, `${rule}.md`), 'utf8');

const FENCE = /^```(?<language>\w+) (?<verdict>bad|good|fixed)(?<settings>(?: \w+=\S*[^\s:])*)(?:: (?<subject>.+))?$/;

/** The examples of a page; blocks without a verdict are none. Throws for a verdict that nothing can be made of. */
export function examplesOf(rule: string, page: string): readonly Example[] {
  const lines = page.split('\n');
  const examples: Example[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    if (!lines[i]!.startsWith('```')) continue;
    const end = lines.indexOf('```', i + 1);
    if (end === -1) throw new Error(`${rule}.md:${i + 1}: the block is not closed`);
    const { language, verdict, settings = '', subject = '' } = FENCE.exec(lines[i]!)?.groups ?? {};
    if (language && verdict) {
      const before = verdict === 'fixed' ? examples.findLast((example) => example.verdict === 'bad') : undefined;
      if (verdict === 'fixed' && !before) throw new Error(`${rule}.md:${i + 1}: there is nothing before it that could be fixed`);
      examples.push({
        rule, language: language as Example['language'], verdict: verdict as Example['verdict'], subject, before, line: i + 1,
        settings: new Map(settings.trim().split(' ').filter(Boolean).map((setting) => setting.split('=') as [string, string])),
        body: lines.slice(i + 1, end).join('\n'),
      });
    }
    i = end;
  }
  return examples;
}

/** Opset 17, training mode, one mask per channel in the short form, unless the settings say otherwise. */
function onnxOptions(settings: Example['settings']): OnnxOptions {
  const { opset = '17', form, state = 'live', training } = Object.fromEntries(settings) as Record<string, string>;
  return {
    opset: Number(opset), spatial: 'operator', state: state as NonNullable<OnnxOptions['state']>,
    ...(form && { form: form as DropoutForm }), ...(training && { training: true }),
  };
}

/** The document of a `bad` or `good` example. */
export function documentOf({ rule, language, settings, subject, body, line }: Example): Document {
  const place = `${rule}.md:${line}`;
  if (language !== 'text') return readCode(`model.${language}`, `${body}\n`) as Document;
  const builder = settings.get('builder');
  if (builder && !EXAMPLES[builder]) throw new Error(`${place}: there is no builder ${builder}`);
  if (!builder && !subject) throw new Error(`${place}: a chain or a builder must follow`);
  return readOnnxBytes(builder ? EXAMPLES[builder]!() : toOnnx(subject, onnxOptions(settings)), `${rule}.onnx`) as Document;
}

/** In the preset recommended, or in strict where the rule is off there. */
export function requestFor(rule: Rule, { settings }: Example): LintRequest {
  const preset = (settings.get('preset') ?? (rule.levels.recommended === 'off' ? 'strict' : 'recommended')) as Preset;
  return { rules: rulesFor({ preset }, [rule]), mode: (settings.get('mode') ?? 'training') as ConfiguredMode };
}

/** After every fix that the rule offers, suggestions included. Nothing is proven here: the rules' own tests prove. */
export async function fixedDocument(rule: Rule, example: Example): Promise<Document> {
  const before = example.before!;
  return (await fixDocument(documentOf(before), { ...requestFor(rule, before), classes: new Set(FIX_CLASSES), level: 'info', prove: undefined })).document;
}

export const findingsIn = (rule: Rule, example: Example, document: Document): readonly Finding[] => lintDocument(document, requestFor(rule, example.before ?? example));

/** What a `text` block, or one that is `fixed`, must hold. */
export function printed(document: Document): string {
  if ('text' in document) return (document as TextDocument).text.trimEnd();
  return document.models.flatMap(({ variants }) => variants.flat().map((graph) => printGraph(graph, { names: false }))).join('\n');
}

/** The page with every printed graph as it is now. */
export async function pageWith(rule: Rule, page: string): Promise<string> {
  const lines = page.split('\n');
  for (const example of [...examplesOf(rule.id, page)].reverse()) {
    if (example.language !== 'text' && example.verdict !== 'fixed') continue;
    const document = example.verdict === 'fixed' ? await fixedDocument(rule, example) : documentOf(example);
    const count = lines.indexOf('```', example.line) - example.line;
    lines.splice(example.line, count, ...printed(document).split('\n'));
  }
  return lines.join('\n');
}
