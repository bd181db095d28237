/** Plants the faults of fixtures/zoo/faults in every format, and measures what droplint says and does about each. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { scopeAt, writeOnnx } from '../../fixtures/chain/onnx.js';
import { applyLayers } from '../../fixtures/chain/keras.js';
import { allSteps, isDropout } from '../../fixtures/chain/syntax.js';
import type { Chain } from '../../fixtures/chain/syntax.js';
import { writeTensorFlowJs } from '../../fixtures/chain/tensorflowjs.js';
import type { CodeOptions } from '../../fixtures/chain/tensorflowjs.js';
import { toModelJson } from '../../fixtures/chain/topology.js';
import type { Random } from '../../fixtures/builders/random.js';
import type { Architecture } from '../../fixtures/zoo/index.js';
import { ZOO } from '../../fixtures/zoo/index.js';
import { fixesRate, hasOperator, knowsRate, siteOf } from '../../fixtures/zoo/planting.js';
import type { Fault, Format, Level, Planted, Remedy, Site, Writing } from '../../fixtures/zoo/planting.js';
import { CODE_WRITINGS, WRITINGS } from '../../fixtures/zoo/writings.js';
import { readCode } from '../../src/formats/code/document.js';
import type { Document } from '../../src/formats/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
import { FIX_CLASSES } from '../../src/graph/edits.js';
import { rulesFor } from '../../src/lint/configuration.js';
import type { EnabledRule } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import type { Finding } from '../../src/lint/findings.js';
import { fixDocument } from '../../src/lint/fix.js';
import { LEVELS } from '../../src/rule.js';
import type { Prove } from '../../src/lint/proving.js';

const FAULTS = path.resolve(import.meta.dirname, '../../fixtures/zoo/faults');

/** Every mutator, by its rule: the folder is the registry. */
export async function readFaults(): Promise<ReadonlyMap<string, Fault>> {
  const files = readdirSync(FAULTS).filter((file) => file.endsWith('.ts')).sort();
  const load = async (file: string) => [path.basename(file, '.ts'), ((await import(pathToFileURL(path.join(FAULTS, file)).href)) as { default: Fault }).default] as const;
  return new Map(await Promise.all(files.map(load)));
}

/** A fault written in one way. */
export interface Specimen {
  readonly rule: string;
  readonly format: Format;
  readonly site: Site;
  readonly planted: Planted;
  /** For people: `{"opset":13,…}`. */
  readonly writing: string;
  readonly level: Level;
  readonly remedy: Remedy;
  /** False where onnxruntime has no kernels. */
  readonly executable: boolean;
  /** The format may say why it cannot write the remedy down. */
  readonly refused: boolean;
  /** Why it is not found yet. */
  readonly gap: string | undefined;
  /** `undefined` when the format cannot express the chain. */
  write(chain: Chain): Written | undefined;
}

export interface Written {
  readonly document: Document;
  /** Scopes of the steps that a finding may point at. */
  scopesOf(finding: Finding): readonly string[];
}

function writtenOnnx(chain: Chain, writing: Writing, name: string): Written | undefined {
  try {
    const { model } = writeOnnx(chain, writing);
    const document = readOnnxBytes(model.encode(), `${name}.onnx`) as Document;
    return { document, scopesOf: ({ problem }) => [scopeAt(model, problem.at.origin.path) ?? ''] };
  } catch (error) {
    // The opset, or the form of dropout, has no such thing.
    if (/came with opset|is undefined, not a number|is batch, not a number|is not a number/.test(String(error))) return undefined;
    throw error;
  }
}

function writtenCode(chain: Chain, options: CodeOptions, name: string): Written | undefined {
  const code = writeTensorFlowJs(chain, options);
  if (!code) return undefined;
  const document = readCode(`${name}.${options.language ?? 'ts'}`, code.text) as Document;
  return { document, scopesOf: ({ problem }) => [...code.lines].filter(([, line]) => line === problem.at.origin.source?.line).map(([step]) => step.scope) };
}

function writtenTopology(chain: Chain, name: string): Written | undefined {
  const topology = toModelJson(chain);
  const layers = applyLayers(chain)?.layers ?? [];
  if (!topology) return undefined;
  const document = readTopology(`${name}.json`, JSON.stringify(topology, undefined, 2)) as Document;
  return { document, scopesOf: ({ problem }) => layers.filter((layer) => layer.name === problem.at.origin.name).map(({ step }) => step.scope) };
}

/** How often each fault is written: rare ones in many ways, so that each format has about this many of each rule. */
const ENOUGH = 48;

/** Every planted fault in the ways in which it can be written. A pure function of the zoo: nothing is drawn. */
export async function allSpecimens(): Promise<readonly Specimen[]> {
  return [...(await readFaults())].flatMap(([rule, fault]) => fault.formats.flatMap((format) => {
    const faults = plantedFaults(fault, format);
    const often = Math.min(WRITINGS.length, Math.ceil(ENOUGH / Math.max(1, faults.length)));
    return faults.flatMap((each, n) => specimensOf(rule, fault, format, each, n, often));
  }));
}

/** A few of the faults of a rule in a format, drawn with a seed. */
export function sampleSpecimens(rule: string, fault: Fault, format: Format, count: number, random: Random): readonly Specimen[] {
  const faults = [...plantedFaults(fault, format)];
  const chosen: Specimen[] = [];
  while (chosen.length < count && faults.length > 0) {
    const [one] = faults.splice(Math.floor(random.next() * faults.length), 1);
    chosen.push(...specimensOf(rule, fault, format, one!, Math.floor(random.next() * WRITINGS.length), 1));
  }
  return chosen;
}

interface PlantedFault {
  readonly site: Site;
  readonly planted: Planted;
}

const sites = new Map<string, Site>();
function siteAt(architecture: Architecture, scale: number | undefined): Site {
  const key = `${architecture.name} ${scale}`;
  const site = sites.get(key) ?? siteOf(architecture, scale);
  sites.set(key, site);
  return site;
}

/** Wherever the fault can be planted in the zoo, for one format. */
export const plantedFaults = (fault: Fault, format: Format): readonly PlantedFault[] =>
  ZOO.filter(({ formats }) => formats?.includes(format) ?? true).flatMap((architecture) => {
    const site = siteAt(architecture, fault.scale);
    return [...fault.plant(site)].filter(({ formats = fault.formats }) => formats.includes(format)).map((planted) => ({ site, planted }));
  });

/** One fault in at most `often` of the format's writings, from the n-th on. */
function specimensOf(rule: string, fault: Fault, format: Format, { site, planted }: PlantedFault, n: number, often: number): readonly Specimen[] {
  const remedy = planted.remedy ?? (typeof fault.remedy === 'string' ? fault.remedy : fault.remedy[format]);
  const name = site.architecture;
  const base = { rule, format, site, planted, level: planted.level, remedy, executable: true, refused: planted.isRefused?.(format, {}) ?? false, gap: planted.gap?.[format] };
  if (format === 'topology') return toModelJson(planted.chain) ? [{ ...base, writing: 'model.json', write: (chain: Chain) => writtenTopology(chain, name) }] : [];
  if (format === 'code') {
    const possible = firstPossible(codeWritings(planted), n, often, (options) => writeTensorFlowJs(planted.chain, options) !== undefined);
    return possible.map((options) => ({ ...base, refused: planted.isRefused?.(format, options) ?? false, writing: JSON.stringify(options), write: (chain: Chain) => writtenCode(chain, options, name) }));
  }
  const possible = firstPossible(onnxWritings(site, planted), n, often, (writing) => writtenOnnx(planted.chain, { ...writing, ...planted.onnx }, name) !== undefined);
  return possible.map((writing) => onnxSpecimen(base, writing));
}

function onnxSpecimen(base: Omit<Specimen, 'writing' | 'write'>, writing: Writing): Specimen {
  const { planted, site } = base;
  const options = { ...writing, ...planted.onnx };
  const rateless = { ...(!fixesRate(writing) && planted.whereFed), ...(!knowsRate(writing) && planted.withoutRate) };
  // Random operators whose mask has a shape of its own fit no other place; nothing broadcasts below opset 7.
  const refused = planted.isRefused?.('onnx', options) === true || writing.opset < 7 || !hasOperator(writing) || (writing.spatial ?? 'decomposed') === 'decomposed' && isDecomposed(planted);
  // onnxruntime has no kernels below opset 7, and no RandomUniformLike of opset 22.
  return { ...base, ...rateless, refused, writing: JSON.stringify(options), executable: writing.opset >= 7 && writing.opset < 22, write: (chain) => writtenOnnx(chain, options, site.architecture) };
}

/** `count` of the list, from the n-th on. */
function firstPossible<T>(list: readonly T[], n: number, count: number, isPossible: (one: T) => boolean): readonly T[] {
  const chosen: T[] = [];
  for (let i = 0; i < list.length && chosen.length < count; i += 1) {
    const one = list[(i + n) % list.length]!;
    if (isPossible(one)) chosen.push(one);
  }
  return chosen;
}

/** The step that it is reported at is written in random operators. */
const isDecomposed = ({ chain, at }: Planted): boolean => {
  const step = [...allSteps(chain)].find(({ scope }) => scope === at);
  return step !== undefined && isDropout(step) && (step.word !== 'dropout' || step.named.form !== undefined);
};

function onnxWritings({ since }: Site, { suits }: Planted): readonly Writing[] {
  return WRITINGS.filter((writing) => (writing.opset >= since || (since <= 7 && writing.opset < 7)) && (suits?.(writing) ?? true));
}

function codeWritings({ code = {} }: Planted): readonly CodeOptions[] {
  const distinct = new Map(CODE_WRITINGS.map((options) => ({ ...options, ...code })).map((options) => [JSON.stringify(options), options]));
  return [...distinct.values()];
}

export interface Measured {
  readonly specimen: Specimen;
  readonly found: boolean;
  /** Other findings at warn or error that neither the clean twin has nor the fault explains: `rule at scope`. */
  readonly falseAlarms: readonly string[];
  /** Absent where no remedy is expected. */
  readonly fixed?: boolean;
  /** The format said why it cannot write the remedy down. */
  readonly refused?: true;
  /** Absent where nothing could be shown: a suggestion, or a model that onnxruntime cannot run. */
  readonly proven?: boolean;
  /** What was seen, where it is not what was expected. */
  readonly note?: string;
}

const rank = (level: Level) => LEVELS.indexOf(level);

function rulesOf({ rule, planted: { preset = 'recommended' } }: Specimen): readonly EnabledRule[] {
  return preset === 'switched-on' ? rulesFor({ preset: 'recommended', rules: { [rule]: 'info' } }) : rulesFor({ preset });
}

/** Lints the specimen and its clean twin, and applies the remedy. Without `prove` nothing is fixed. */
export async function measure(specimen: Specimen, prove?: Prove): Promise<Measured | undefined> {
  const { rule, planted, site, level } = specimen;
  const faulty = specimen.write(planted.chain);
  const clean = specimen.write(planted.clean ?? site.chain);
  if (!faulty || !clean) return undefined;
  const rules = rulesOf(specimen);
  const mode = planted.mode ?? 'training';
  const placed = ({ document, scopesOf }: Written) => lintDocument(document, { rules, mode }).map((finding) => ({ finding, id: finding.enabled.rule.id, scopes: scopesOf(finding) }));
  const findings = placed(faulty);
  const before = new Set(placed(clean).filter(({ finding }) => finding.level !== 'info').flatMap(({ id, scopes }) => scopes.map((scope) => `${id} ${scope}`)));
  const hit = findings.find(({ finding, id, scopes }) => id === rule && scopes.includes(planted.at) && rank(finding.level) >= rank(level));
  // A graph spells AlphaDropout out, which is always on: an operator that is off beside it is reported, and rightly.
  const hasAlpha = [...allSteps(planted.chain)].some(({ word }) => word === 'alpha-dropout');
  const isExplained = (id: string, scopes: readonly string[]) => (hasAlpha && id === 'consistent-training-mode' && scopes.includes(planted.at)) || (id === rule && scopes.includes(planted.at)) || planted.also?.[id] === '*' || (planted.also?.[id] !== undefined && scopes.includes(planted.also[id]));
  const falseAlarms = findings
    .filter(({ finding, id, scopes }) => finding.level !== 'info' && !isExplained(id, scopes) && !scopes.some((scope) => before.has(`${id} ${scope}`)))
    .map(({ finding, id, scopes }) => `${id} (${finding.level}) at ${scopes.join('/') || finding.problem.at.origin.path}`);
  const seen = findings.map(({ finding, id, scopes }) => `${id} (${finding.level}) at ${scopes.join('/')}`).join(', ');
  const measured: Measured = { specimen, found: hit !== undefined, falseAlarms, ...(!hit && { note: `found ${seen || 'nothing'}` }) };
  if (!hit || !prove || specimen.remedy === 'none') return measured;
  return { ...measured, ...(await remedied(specimen, faulty.document, hit.finding, rules, prove)) };
}

async function remedied(specimen: Specimen, document: Document, finding: Finding, rules: readonly EnabledRule[], prove: Prove): Promise<Pick<Measured, 'fixed' | 'proven' | 'refused' | 'note'>> {
  const { rule, remedy, executable, planted } = specimen;
  const classes = new Set(FIX_CLASSES.filter((fixClass) => remedy === 'suggestion' || fixClass !== 'suggestion'));
  const request = { rules: rules.filter((enabled) => enabled.rule.id === rule), mode: planted.mode ?? ('training' as const), classes, level: 'info' as const, prove: executable ? prove : undefined };
  const outcome = await fixDocument(document, request);
  const own = outcome.fixed.find((fixed) => fixed.finding.identity === finding.identity);
  const failed = outcome.failedProofs.get(finding.identity);
  if (!own && specimen.refused && outcome.refusals.has(finding.identity)) return { refused: true };
  if (!own) return { fixed: false, note: outcome.refusals.get(finding.identity) ?? failed?.reason ?? 'no fix was offered' };
  const shown = own.proof?.checks.some(({ verdict }) => verdict === 'holds');
  const stays = outcome.remaining.find(({ identity, problem }) => identity === finding.identity && problem.messageId === finding.problem.messageId);
  return { fixed: stays === undefined, ...(stays && { note: `still found: ${stays.message}` }), ...(shown && { proven: own.proof?.verdict === 'proven' }) };
}
