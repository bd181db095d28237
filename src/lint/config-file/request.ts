/** From what is configured for a file to what its linting is asked. */
import { rules as builtInRules } from '../../../rules/index.js';
import type { Rule } from '../../rule.js';
import { rulesFor } from '../configuration.js';
import type { Finding, LintRequest } from '../findings.js';
import { nodeMatcher } from './globs.js';
import type { FileConfiguration } from './resolve.js';

/** A rule that is on for some nodes alone runs as well; what it says of the others is dropped. */
export function requestFor(configuration: FileConfiguration, rules: readonly Rule[] = builtInRules): Pick<LintRequest, 'rules' | 'mode' | 'levelAt'> {
  const enabled = rulesFor(configuration, rules);
  if (configuration.nodes.length === 0) return { rules: enabled, mode: configuration.mode };
  const levels = configuration.nodes.map(({ nodes, rules: theirs }) => ({ matches: nodeMatcher(nodes), rules: theirs }));
  const isOn = new Set(enabled.map(({ rule }) => rule.id));
  const elsewhere = new Map(levels.flatMap((each) => Object.entries(each.rules).filter(([id, level]) => level !== 'off' && !isOn.has(id))));
  const forSome = rulesFor({ ...configuration, rules: { ...configuration.rules, ...Object.fromEntries(elsewhere) } }, rules).filter(({ rule }) => elsewhere.has(rule.id));
  return {
    mode: configuration.mode,
    rules: rules.flatMap((rule) => [...enabled, ...forSome].find((each) => each.rule === rule) ?? []),
    levelAt: ({ enabled: { rule }, problem, level }: Finding) =>
      levels.findLast((each) => rule.id in each.rules && each.matches(problem.at.origin.name))?.rules[rule.id] ?? (isOn.has(rule.id) ? level : 'off'),
  };
}
