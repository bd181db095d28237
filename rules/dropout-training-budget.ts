import { activationDropouts } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'dropout-training-budget',
  statement: 'A model with dropout is given more epochs: it trains 2–3 times longer.',
  levels: { recommended: 'off', strict: 'off' },
  fix: 'none',
  formats: ['code'],
  precedence: 90,
  sources: [{ title: 'Srivastava et al. 2014, §7.5: a dropout network takes 2–3 times longer to train', url: 'https://jmlr.org/papers/v15/srivastava14a.html' }],
  messages: {
    budget: 'This model has dropout ({count} of them): each step trains a random part of it, so it needs 2–3 times the epochs of the same model without. Check that the number of epochs was raised with it.',
  },
  *check({ graph }) {
    if (!graph.isSource || graph.role !== 'model') return;
    const dropouts = activationDropouts(graph);
    if (dropouts.length > 0) yield { at: dropouts[0], messageId: 'budget', level: 'info', data: { count: dropouts.length } };
  },
});
