/**
 * Suppression inside models: `droplint.disable = rule-id[, rule-id] -- reason` in the metadata of a node, a graph or the
 * model itself (ONNX: metadata_props). Without rules it holds for all of them.
 */
import type { Document } from '../formats/document.js';
import type { Graph } from '../graph/graph.js';
import { suggestion } from './configuration-error.js';
import type { Finding } from './findings.js';
import type { Suppression, UnusedDirective } from './suppression.js';

export const DISABLE = 'droplint.disable';

interface Directive {
  /** Empty: all. */
  readonly rules: readonly string[];
  readonly reason: string;
  readonly place: string;
  /** Among the nodes, from 1. */
  readonly line: number;
  readonly used: Set<string>;
}

/** `rules`: those that run, which alone can say whether a directive has a use; `known`: all there are. */
export function suppressByMetadata(document: Document, findings: readonly Finding[], rules: readonly string[], known: readonly string[]): Suppression {
  const directives = new Map<object, Directive>();
  const graphs = document.models.flatMap(({ variants }) => variants.flat());
  for (const graph of graphs) {
    enter(directives, graph, graph.metadata, graph.path, 1);
    for (const layer of graph.layers) enter(directives, layer, layer.metadata, layer.origin.path, Math.floor(layer.origin.order) + 1);
  }
  if (directives.size === 0) return { kept: findings, suppressed: [], unused: [] };
  const kept: Finding[] = [];
  const suppressed: { finding: Finding; reason: string }[] = [];
  for (const finding of findings) {
    const directive = scopesOf(finding).map((scope) => directives.get(scope)).find((each) => each && (each.rules.length === 0 || each.rules.includes(finding.enabled.rule.id)));
    if (!directive) kept.push(finding);
    else {
      directive.used.add(finding.enabled.rule.id);
      suppressed.push({ finding, reason: directive.reason });
    }
  }
  return { kept, suppressed, unused: [...directives.values()].flatMap((directive) => faultsOf(directive, rules, known)) };
}

function enter(directives: Map<object, Directive>, scope: object, metadata: ReadonlyMap<string, string> | undefined, place: string, line: number): void {
  const text = metadata?.get(DISABLE);
  if (text === undefined) return;
  const [, list = '', reason = ''] = /^([\s\S]*?)(?:(?:^|\s)--([\s\S]*))?$/.exec(text) ?? [];
  const rules = list.split(/[\s,]+/).filter((each) => each !== '').map((id) => id.replace(/^droplint\//, ''));
  directives.set(scope, { rules, reason: reason.trim(), place, line, used: new Set() });
}

/** The layer itself, the graphs that it is in, and the model. */
function scopesOf({ problem, model }: Finding): readonly object[] {
  const graphs: Graph[] = [];
  for (let graph: Graph | undefined = problem.at.graph; graph; graph = graph.parent) graphs.push(graph);
  return [problem.at, ...graphs, ...model.variants.flatMap(([main]) => main ?? [])];
}

function faultsOf({ rules: named, used, place, line }: Directive, running: readonly string[], known: readonly string[]): readonly UnusedDirective[] {
  const say = (message: string): UnusedDirective => ({ line, column: 1, message: `${DISABLE} at ${place}: ${message}` });
  if (named.length === 0) return used.size === 0 ? [say('unused, nothing is found there')] : [];
  return named.flatMap((id) => {
    if (!known.includes(id)) return [say(`there is no rule "${id}".${suggestion(id, known)}`)];
    return used.has(id) || !running.includes(id) ? [] : [say(`unused, "${id}" finds nothing there`)];
  });
}
