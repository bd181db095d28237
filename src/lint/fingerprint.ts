/** What tells findings apart from run to run, although exporters number nodes anew. */
import { createHash } from 'node:crypto';
import type { Layer } from '../graph/layers.js';
import { isCounter } from '../graph/names.js';
import type { Finding } from './findings.js';

/** How many layers to each side belong to a place. */
const REACH = 2;
const NO_NAME = '-';

/**
 * `<name>:<place>`. The first half is the node's name (`-` where that is a mere counter), the second what stands around
 * it, with all numbers taken out of names. Both contain rule and message.
 */
export function fingerprintOf({ enabled, problem }: Finding): string {
  const { at, messageId } = problem;
  const what = `${enabled.rule.id} ${messageId}`;
  const { name } = at.origin;
  const around = [...reach(at, (layer) => layer.inputs[0]?.producer).reverse(), at, ...reach(at, (layer) => layer.outputs[0]?.consumers[0])];
  const place = [what, withoutNumbers(at.graph.path), withoutNumbers(name), ...around.map(kindOf)].join('\n');
  return `${isCounter(name) ? NO_NAME : digest(`${what}\n${at.graph.path.replace(/\[\d+\]/g, '')}\n${name}`)}:${digest(place)}`;
}

function reach(layer: Layer, step: (layer: Layer) => Layer | undefined): Layer[] {
  const reached: Layer[] = [];
  for (let at = step(layer); at && reached.length < REACH; at = step(at)) reached.push(at);
  return reached;
}

function kindOf(layer: Layer): string {
  return [layer.kind, 'of' in layer && layer.of, 'function' in layer && layer.function].filter(Boolean).join(' ');
}

const withoutNumbers = (text: string): string => text.replace(/\d+/g, '#');
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** The halves; a name that is a counter is `undefined`. */
export function halvesOf(fingerprint: string): { readonly name: string | undefined; readonly place: string } {
  const [name = NO_NAME, place = ''] = fingerprint.split(':');
  return { name: name === NO_NAME ? undefined : name, place };
}
