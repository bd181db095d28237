/** `settings.droplint` of an ESLint configuration. */
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import { MODES, type ConfiguredMode } from '../lint/configuration.js';

export interface DroplintSettings {
  /** Report informational findings, too (ESLint has no such level: they take the rule's). Default false. */
  readonly info?: boolean;
  /** The placement rules without their exceptions. Default false. */
  readonly strict?: boolean;
  /** What the models are for; source code counts as training by default. */
  readonly mode?: ConfiguredMode;
  /** `inference-exact` makes fixes of that class automatic as well; they change training on purpose. Default `exact`. */
  readonly fix?: 'exact' | 'inference-exact';
}

export interface ResolvedSettings {
  readonly info: boolean;
  readonly strict: boolean;
  readonly mode: ConfiguredMode;
  /** Classes of fixes that ESLint may apply by itself (verification.md, "Who applies what"). */
  readonly automatic: ReadonlySet<FixClass>;
}

const SAFE: readonly FixClass[] = ['exact', 'exact-in-distribution', 'repair'];

/** Throws a TypeError that says which setting is wrong. */
export function resolveSettings(settings: Readonly<Record<string, unknown>>): ResolvedSettings {
  const { info = false, strict = false, mode = 'auto', fix = 'exact', ...rest } = (settings.droplint ?? {}) as DroplintSettings;
  const [unknown] = Object.keys(rest);
  if (unknown) throw new TypeError(`settings.droplint has no "${unknown}" (it has info, strict, mode, fix)`);
  if (!MODES.includes(mode)) throw new TypeError(`settings.droplint.mode is one of ${MODES.join(', ')}, not ${JSON.stringify(mode)}`);
  if (fix !== 'exact' && fix !== 'inference-exact') throw new TypeError(`settings.droplint.fix is exact or inference-exact, not ${JSON.stringify(fix)}`);
  return { info, strict, mode, automatic: new Set(fix === 'exact' ? SAFE : FIX_CLASSES.filter((each) => each !== 'suggestion')) };
}
