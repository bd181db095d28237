import { insert, remove, replace } from '../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../src/graph/edits.js';
import type { Graph } from '../src/graph/graph.js';
import type { DropoutLayer, Layer, Value } from '../src/graph/layers.js';
import { isConfigured } from '../src/graph/predicates.js';
import { activationDropouts, ahead, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

/** A recurrent layer right behind the dropout, which reads what it drops, or right before it. */
function recurrentBeside(dropout: DropoutLayer): { readonly layer: Layer; readonly reads: boolean } | undefined {
  const [behind, before] = [next, previous].map((step) => follow(dropout, step, (layer) => layer.kind === 'reshape').end);
  if (behind?.kind === 'recurrent') return { layer: behind, reads: true };
  return before?.kind === 'recurrent' ? { layer: before, reads: false } : undefined;
}

const spec = (unit: 'time' | 'state', rate: DropoutSpec['rate'], { state }: DropoutLayer): DropoutSpec => ({ kind: 'dropout', unit, rate, training: state === 'live' });

/** One mask for the sequence on what the layer reads; what stood behind the layer goes onto its state. */
function asRecurrent(dropout: DropoutLayer, { layer, reads }: { readonly layer: Layer; readonly reads: boolean }): readonly Edit[] | undefined {
  const { rate } = dropout;
  if (reads && !isConfigured(dropout)) return [replace(dropout, spec('time', 'keep', dropout))];
  // Before the classifier is a standard place for dropout, whatever stands before it.
  if (rate === undefined || (!reads && ahead(dropout).last)) return undefined;
  const added = insert(spec(reads ? 'time' : 'state', rate, dropout)).before(layer);
  // In a graph the new one takes its mode from the one that goes.
  return isConfigured(dropout) ? [remove(dropout), added] : [added, remove(dropout)];
}

const isElementwise = (layer: Layer) => layer.kind === 'reshape' || layer.kind === 'activation';

/** The value, and those before it that elementwise layers (and dropouts) make it from. */
function chainBehind(value: Value): readonly Value[] {
  const chain = [value];
  for (let at = value.producer; at && at.inputs.length === 1 && (isElementwise(at) || at.kind === 'dropout'); at = at.inputs[0].producer) chain.push(at.inputs[0]);
  return chain;
}

/** Everything that the values are computed from. */
function sourcesOf(values: readonly Value[]): ReadonlySet<Value> {
  const reached = new Set(values);
  for (const value of reached) for (const input of value.producer?.inputs ?? []) reached.add(input);
  return reached;
}

/** Dropouts on what a step reads of the state, or on the state that it leaves, in a loop that remembers. */
function stateDropouts(graph: Graph): ReadonlySet<DropoutLayer> {
  const carried = graph.carried ?? [];
  const states = new Set(carried.map(({ input }) => input));
  const remembered = sourcesOf(carried.map(({ output }) => output));
  const left = new Set(carried.filter(({ output }) => [...sourcesOf([output])].some((value) => states.has(value))).flatMap(({ output }) => chainBehind(output)));
  return new Set(
    carried.length === 0 ? [] : activationDropouts(graph).filter((dropout) => left.has(dropout.outputs[0]) || (remembered.has(dropout.outputs[0]) && chainBehind(dropout.inputs[0]).some((value) => states.has(value)))),
  );
}

export default defineRule({
  id: 'prefer-recurrent-dropout',
  statement: 'Recurrent state is dropped with one mask for the whole sequence.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 64,
  sources: [
    { title: 'Gal & Ghahramani 2016, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks', url: 'https://arxiv.org/abs/1512.05287' },
    { title: 'Zaremba, Sutskever & Vinyals 2014, Recurrent Neural Network Regularization', url: 'https://arxiv.org/abs/1409.2329' },
    { title: 'Semeniuta, Severyn & Barth 2016, Recurrent Dropout without Memory Loss', url: 'https://arxiv.org/abs/1603.05118' },
  ],
  messages: {
    state: 'A fresh mask at every step on the state that the loop carries: after t steps a unit has survived with probability {survival}, so memory is destroyed. Draw one mask for the sequence outside the loop (recurrent dropout).',
    around: "Plain dropout beside the recurrent layer '{layer}': fine between layers (Zaremba 2014); recurrent dropout, with one mask for the sequence, regularises the recurrence as well.",
  },
  *check({ graph, strict }): Iterable<Problem<'state' | 'around'>> {
    const onState = stateDropouts(graph);
    for (const dropout of activationDropouts(graph)) {
      if (dropout.form === 'recurrent') continue;
      if (onState.has(dropout)) {
        const survival = dropout.rate === undefined ? '(1 − p)^t' : `${(1 - dropout.rate).toPrecision(2)}^t`;
        yield { at: dropout, messageId: 'state', data: { survival }, edits: [replace(dropout, spec('time', 'keep', dropout))] };
      } else if (strict && dropout.unit === 'element') {
        const beside = recurrentBeside(dropout);
        if (!beside) continue;
        const { layer } = beside;
        const edits = asRecurrent(dropout, beside);
        yield { at: dropout, messageId: 'around', level: 'info', data: { layer: layer.origin.name }, related: [layer], ...(edits && { edits }) };
      }
    }
  },
});
