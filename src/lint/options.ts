/** Options of rules: checked against the rule's schema, with its defaults filled in. */
import type { OptionsSchema, Rule } from '../rule.js';
import { ConfigurationError, suggestion } from './configuration-error.js';

export type RuleOptions = Readonly<Record<string, unknown>>;

/** Throws `ConfigurationError` for an unknown option or a value that the schema does not allow. */
export function resolveOptions(rule: Rule, given: RuleOptions): RuleOptions {
  const properties = rule.options?.properties ?? {};
  for (const [name, value] of Object.entries(given)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!property) throw new ConfigurationError(`"${rule.id}" has no option "${name}".${suggestion(name, Object.keys(properties))}`);
    const fault = faultOf(value, property);
    if (fault) throw new ConfigurationError(`Option "${name}" of "${rule.id}" must be ${fault}, not ${JSON.stringify(value)}.`);
  }
  const defaults = Object.entries(properties).map(([name, property]) => [name, property.default] as const);
  return { ...Object.fromEntries(defaults), ...given };
}

/** What the value should have been, or `undefined`. */
function faultOf(value: unknown, { type, enum: choices, minimum, maximum }: OptionsSchema['properties'][string]): string | undefined {
  if (choices && !choices.includes(value)) return `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  const actual = Array.isArray(value) ? 'array' : typeof value;
  if (type === 'integer' ? !Number.isInteger(value) : type && type !== actual) return `of type ${type}`;
  if (minimum !== undefined && (value as number) < minimum) return `at least ${minimum}`;
  if (maximum !== undefined && (value as number) > maximum) return `at most ${maximum}`;
  return undefined;
}
