/** What every rewritten ONNX file must be, by the judgement of a reader that droplint did not write, of onnx.checker and of onnxruntime. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { AttributeProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from 'onnx-buf';
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from 'onnx-buf';
import { expect } from 'vitest';
import { readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import type { OnnxDocument } from '../../../../src/formats/onnx/document.js';
import type { Edit, FixClass } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { prove } from '../../../../src/verify/index.js';
import type { Pool } from '../../../../src/verify/pool.js';
import { CHECKER_OPSET, checkModels } from '../../../support/onnx-checker.js';
import { runModel } from '../../../support/runtime.js';

export interface Rewritten {
  readonly before: OnnxDocument;
  readonly after: OnnxDocument;
  readonly bytes: Uint8Array;
  readonly refusals: readonly (string | undefined)[];
}

/** All graphs of the model, its own first. */
export const graphsOf = (document: OnnxDocument): readonly Graph[] => document.models[0]!.variants[0]!;

export function rewrite(model: Uint8Array, fixes: (graphs: readonly Graph[]) => readonly (readonly Edit[])[]): Rewritten {
  const before = readOnnxBytes(model);
  const { splices, refusals } = before.lower(fixes(graphsOf(before)));
  const after = before.withSplices(splices);
  return { before, after, bytes: after.source.read(0, after.source.size), refusals };
}

export const decode = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

const text = <D extends DescMessage>(schema: D, message: MessageShape<D>) => Buffer.from(toBinary(schema, message)).toString('base64');

/** Every violation of the specification's rules for names and order, and everything that nothing reads. */
interface Survey {
  readonly faults: string[];
  readonly unread: Set<string>;
}

type AnyBody = Pick<GraphProto, 'node'> & { readonly inputs: readonly string[]; readonly outputs: readonly string[]; readonly tensors: readonly string[] };

const bodyOfGraph = (graph: GraphProto): AnyBody => ({
  node: graph.node,
  inputs: graph.input.map(({ name }) => name),
  outputs: graph.output.map(({ name }) => name),
  tensors: [...graph.initializer.map(({ name }) => name), ...graph.sparseInitializer.map((tensor) => tensor.values!.name)],
});
const bodyOfFunction = (fn: FunctionProto): AnyBody => ({ node: fn.node, inputs: fn.input, outputs: fn.output, tensors: [] });

const subgraphs = (node: NodeProto): GraphProto[] => node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);

function surveyBody(body: AnyBody, outer: ReadonlySet<string>, survey: Survey, path: string): Set<string> {
  const known = new Set([...outer, ...body.inputs, ...body.tensors]);
  const own = new Set<string>([...body.inputs, ...body.tensors]);
  const read = new Set<string>();
  for (const node of body.node) {
    for (const name of node.input) {
      if (name !== '' && !known.has(name)) survey.faults.push(`${path}: ${node.opType} ${node.name} reads ${name}, which is not there (yet)`);
      read.add(name);
    }
    for (const graph of subgraphs(node)) for (const name of surveyBody(bodyOfGraph(graph), known, survey, `${path}/${node.name}`)) read.add(name);
    for (const name of node.output) {
      if (name === '') continue;
      if (known.has(name)) survey.faults.push(`${path}: ${name} is made twice`);
      known.add(name);
      own.add(name);
    }
  }
  for (const name of body.outputs) {
    if (!known.has(name)) survey.faults.push(`${path}: the output ${name} is not there`);
    read.add(name);
  }
  for (const node of body.node) if (node.output.every((name) => !read.has(name))) survey.unread.add(`${path}: ${node.opType} → ${node.output.join()}`);
  for (const name of body.tensors) if (!read.has(name) && !body.inputs.includes(name)) survey.unread.add(`${path}: the initializer ${name}`);
  const names = body.node.map(({ name }) => name).filter((name) => name !== '');
  for (const name of new Set(names)) if (names.filter((each) => each === name).length > 1) survey.faults.push(`${path}: two nodes are called ${name}`);
  return new Set([...read].filter((name) => !own.has(name)));
}

function surveyModel(model: ModelProto): Survey {
  const survey: Survey = { faults: [], unread: new Set() };
  surveyBody(bodyOfGraph(model.graph!), new Set(), survey, 'graph');
  for (const fn of model.functions) surveyBody(bodyOfFunction(fn), new Set(), survey, `function ${fn.name}`);
  return survey;
}

/** All that a node says of itself but where its values come from and go to, its subgraphs by their nodes. */
const nodeText = (node: NodeProto): string =>
  [...node.attribute.map((attribute) => (attribute.g ? attribute.name : text(AttributeProtoSchema, attribute))), text(NodeProtoSchema, { ...node, attribute: [], input: [], output: [] })].join(' ');

const allNodes = (model: ModelProto): NodeProto[] => {
  const nodes: NodeProto[] = [];
  const open = [...model.graph!.node, ...model.functions.flatMap(({ node }) => node)];
  for (let node = open.pop(); node; node = open.pop()) {
    nodes.push(node);
    open.push(...subgraphs(node).flatMap((graph) => graph.node));
  }
  return nodes;
};

const count = (texts: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const each of texts) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
};

/** What stood in the file and does not any more, apart from names of operands and results. */
function lostFrom(old: ModelProto, now: ModelProto): string[] {
  const kept = count(allNodes(now).map(nodeText));
  const lost: string[] = [];
  for (const node of allNodes(old)) {
    const key = nodeText(node);
    const left = kept.get(key) ?? 0;
    if (left === 0) lost.push(node.opType);
    else kept.set(key, left - 1);
  }
  const tensors = new Set(now.graph!.initializer.map((tensor) => text(TensorProtoSchema, tensor)));
  for (const tensor of old.graph!.initializer) if (!tensors.has(text(TensorProtoSchema, tensor))) lost.push('initializer');
  const frame = (model: ModelProto) => text(ModelProtoSchema, {
    ...model,
    functions: model.functions.map((fn) => ({ ...fn, node: [], valueInfo: [] })),
    graph: { ...model.graph!, node: [], initializer: [], valueInfo: [], quantizationAnnotation: [] },
  });
  if (frame(old) !== frame(now)) lost.push('the frame');
  return lost;
}

/** What a fix may take away for good: the dropout that it changes, and what was there for it alone. */
const EXPENDABLE = /^(Dropout|BitmaskDropout|Constant|Identity|initializer|RandomUniformLike|RandomUniform|Less|GreaterOrEqual|Greater|Not|Cast|Mul|Div|Shape|Slice|Concat|ConstantOfShape|Bernoulli|Sigmoid|ReduceMax)$/;

/** Asserts that the rewritten file is sound; `lost` what may be gone. */
export async function expectSound({ before, bytes }: Rewritten, context: string, { runs = true, lost = EXPENDABLE }: { readonly runs?: boolean; readonly lost?: RegExp } = {}): Promise<void> {
  const [old, now] = [decode(before.source.read(0, before.source.size)), decode(bytes)];
  const [was, is] = [surveyModel(old), surveyModel(now)];
  expect(is.faults.filter((fault) => !was.faults.includes(fault)), `${context}: faults`).toEqual([]);
  expect([...is.unread].filter((each) => !was.unread.has(each)), `${context}: leftovers`).toEqual([]);
  expect(lostFrom(old, now).filter((each) => !lost.test(each)), `${context}: changed or lost`).toEqual([]);
  if (runs) await expect(runModel(bytes), `${context}: onnxruntime`).resolves.toBeDefined();
}

/** `rounds`: onnxruntime has few float16 kernels, and leaves out a rounding to float16 where none stands between two float32 kernels. */
export async function expectProven({ before, after }: Rewritten, claim: FixClass, pool: Pool, context: string, rounds = false): Promise<void> {
  const proof = await prove(before, after, claim, { pool, ...(rounds && { tolerance: { ulp: 1 << 15, relative: 2 ** -9 } }) });
  expect(proof.verdict === 'proven' ? '' : `${proof.verdict}: ${proof.reason}`, `${context}: ${claim}`).toBe('');
}

/** What onnx.checker says of the files that its version can read, each with what it is. */
export function complaintsAbout(files: readonly (readonly [label: string, bytes: Uint8Array])[]): readonly string[] {
  const readable = files.filter(([, bytes]) => {
    const { irVersion, opsetImport } = decode(bytes);
    return irVersion <= 8n && opsetImport.every(({ domain, version }) => domain !== '' || version <= BigInt(CHECKER_OPSET));
  });
  expect(readable.length).toBeGreaterThan(0);
  return checkModels(readable.map(([, bytes]) => bytes)).flatMap((error, i) => (error ? [`${readable[i]![0]}: ${error}`] : []));
}

/** The names of structures by what became of them, for a snapshot. */
export async function byOutcome<S extends { readonly name: string }>(structures: readonly S[], outcomeOf: (structure: S) => Promise<string>): Promise<Record<string, string>> {
  const outcomes: Record<string, string[]> = {};
  for (const structure of structures) (outcomes[await outcomeOf(structure)] ??= []).push(structure.name);
  return Object.fromEntries(Object.entries(outcomes).map(([result, names]) => [result, names.join('; ')]));
}

/** value_info by name: element type and dims. */
export function valueInfos({ graph }: ModelProto): Record<string, string> {
  return Object.fromEntries(graph!.valueInfo.map(({ name, type }) => {
    const { value } = type!.value as { readonly value: { readonly elemType: number; readonly shape?: { readonly dim: readonly { readonly value: { readonly value?: bigint | string } }[] } } };
    return [name, `${value.elemType}[${value.shape?.dim.map((dim) => String(dim.value.value ?? '?')).join() ?? '?'}]`];
  }));
}
