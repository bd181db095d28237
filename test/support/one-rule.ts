/** One rule on one graph, for what the case table cannot say; fixes run through the fix loop and are proven on onnxruntime. */
import { Model } from '../../fixtures/builders/onnx.js';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../fixtures/chain/onnx.js';
import { toTensorFlowJs } from '../../fixtures/chain/tensorflowjs.js';
import { readCode } from '../../src/formats/code/document.js';
import type { Document } from '../../src/formats/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { OnnxDocument } from '../../src/formats/onnx/document.js';
import { FIX_CLASSES } from '../../src/graph/edits.js';
import type { DropoutLayer } from '../../src/graph/layers.js';
import { printGraph } from '../../src/graph/print.js';
import { rulesFor } from '../../src/lint/configuration.js';
import type { ConfiguredMode } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import type { Finding } from '../../src/lint/findings.js';
import { fixDocument } from '../../src/lint/fix.js';
import type { Outcome } from '../../src/lint/fix.js';
import { presetLevel } from '../../src/lint/presets.js';
import type { Preset, Rule } from '../../src/rule.js';
import { prove } from '../../src/verify/index.js';

export interface Request {
  /** Default recommended. */
  readonly preset?: Preset;
  /** Default training. */
  readonly mode?: ConfiguredMode;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A model of the builders, its bytes, or a chain (opset 17, dropouts on, one mask per channel as a Dropout and a Mul). */
export function graphOf(model: Model | Uint8Array | string, options: OnnxOptions = {}): OnnxDocument {
  const bytes = model instanceof Model ? model.encode() : typeof model === 'string' ? toOnnx(model, { opset: 17, spatial: 'operator', ...options }) : model;
  return readOnnxBytes(bytes);
}

/** The same chain as TensorFlow.js code; or code as it stands. */
export function codeOf(chain: string, file = 'model.ts'): Document {
  const text = chain.includes('tf.') ? chain : toTensorFlowJs(chain);
  if (text === undefined) throw new Error(`TensorFlow.js cannot express ${chain}`);
  return readCode(file, text) as Document;
}

function requestOf(rule: Rule, { preset = 'recommended', mode = 'training', options }: Request) {
  const settings = options && { rules: { [rule.id]: [presetLevel(rule, preset), options] as const } };
  return { rules: rulesFor({ preset, ...settings }, [rule]), mode };
}

export const lint = (rule: Rule, document: Document | OnnxDocument, request: Request = {}): readonly Finding[] => lintDocument(document as Document, requestOf(rule, request));

/** What is said of it, without placeholders that nothing filled. */
export function messages(rule: Rule, document: Document | OnnxDocument, request: Request = {}): string[] {
  return lint(rule, document, request).map(({ message }) => {
    if (/\{\w+\}|undefined/.test(message)) throw new Error(`a placeholder was not filled in: ${message}`);
    return message;
  });
}

/** Where, how grave, and what its fix claims: `dropout1 warn exact`. */
export const findings = (rule: Rule, document: Document | OnnxDocument, request: Request = {}): string[] =>
  lint(rule, document, request).map(({ problem, level, fixClass }) => [problem.at.origin.name, level, fixClass].filter(Boolean).join(' '));

/** As `--fix` does (every level), or with `suggestions` as `--fix-suggestions`. */
export function fix(rule: Rule, document: Document | OnnxDocument, { suggestions = false, ...request }: Request & { readonly suggestions?: boolean } = {}): Promise<Outcome> {
  const classes = new Set(FIX_CLASSES.filter((fixClass) => suggestions || fixClass !== 'suggestion'));
  return fixDocument(document as Document, { ...requestOf(rule, request), classes, level: 'info', prove });
}

/** Fixes, throws for whatever was refused or not proven, and gives the fixed document. */
export async function fixed(rule: Rule, document: Document | OnnxDocument, request: Request & { readonly suggestions?: boolean } = {}): Promise<OnnxDocument> {
  const outcome = await fix(rule, document, request);
  const failed = [...outcome.failedProofs.values()].map(({ reason, checks }) => reason ?? JSON.stringify(checks));
  const complaints = [...outcome.refusals.values(), ...failed, ...(outcome.fixed.length === 0 ? ['nothing was fixed'] : [])];
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  return outcome.document as Document as OnnxDocument;
}

export const print = (document: Document | OnnxDocument): string =>
  document.models.flatMap(({ variants }) => variants.flat().map((graph) => printGraph(graph, { names: false, shapes: false, numbers: false }))).join('\n');

export const dropoutsIn = (document: Document | OnnxDocument): readonly DropoutLayer[] => document.models.flatMap(({ variants }) => variants.flat().flatMap((graph) => graph.layersOf('dropout')));
