/** A droplint rule as an ESLint rule. */
import type { Rule as EslintRule } from 'eslint';
import type { DropoutSpec } from '../graph/edits.js';
import type { Splice, TextDocument } from '../formats/document.js';
import type { Finding, LintRequest } from '../lint/findings.js';
import { rulesFor, type EnabledRule } from '../lint/configuration.js';
import { presetLevel } from '../lint/presets.js';
import { resolveOptions } from '../lint/options.js';
import { keepsFix } from '../lint/kept-fix.js';
import { placeOf, type Rule } from '../rule.js';
import { documentOf, findingsOf } from './analysis.js';
import { resolveSettings, type ResolvedSettings } from './settings.js';

const PAGES = 'https://github.com/droplint/droplint/blob/main/rules';
const SUGGESTION = 'droplintFix';

/** `{name}` → `{{ name }}`. */
const placeholders = (messages: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(messages).map(([id, text]) => [id, text.replace(/\{(\w+)\}/g, '{{ $1 }}')]));

export function toEslintRule(rule: Rule): EslintRule.RuleModule {
  return {
    meta: {
      type: rule.levels.recommended === 'error' ? 'problem' : 'suggestion',
      docs: { description: rule.statement, url: `${PAGES}/${rule.id}.md`, recommended: rule.levels.recommended !== 'off' },
      fixable: 'code',
      hasSuggestions: true,
      schema: rule.options ? [rule.options as never] : [],
      messages: { ...placeholders(rule.messages), [SUGGESTION]: '{{ change }} ({{ fixClass }})' },
    },
    create(context) {
      // Most files hold no model: they cost one look at their text, and no listener.
      const document = documentOf(context.sourceCode, context.physicalFilename ?? context.filename);
      if (!document) return {};
      const settings = resolveSettings(context.settings);
      const enabled: EnabledRule = { rule, level: levelOf(rule, settings.strict), levelIsChosen: false, options: resolveOptions(rule, (context.options[0] ?? {}) as Record<string, unknown>), strict: settings.strict };
      return {
        Program() {
          for (const finding of findingsOf(document, enabled, settings.mode)) {
            if (finding.level !== 'info' || settings.info) context.report(descriptorOf(finding, document, enabled, settings, context));
          }
        },
      };
    },
  };
}

/** ESLint does not tell a rule its severity. One that is off in the preset has been turned on by hand: it is heard. */
function levelOf(rule: Rule, strict: boolean): EnabledRule['level'] {
  const level = presetLevel(rule, strict ? 'strict' : 'recommended');
  return level === 'off' ? 'warn' : level;
}

function descriptorOf(finding: Finding, document: TextDocument, enabled: EnabledRule, settings: ResolvedSettings, context: EslintRule.RuleContext): EslintRule.ReportDescriptor {
  const { problem, fixClass } = finding;
  const { start, end } = placeOf(problem).range ?? { start: 0, end: 0 };
  const { sourceCode } = context;
  const data = Object.fromEntries(Object.entries(problem.data ?? {}).map(([key, value]) => [key, String(value)]));
  const report = { loc: { start: sourceCode.getLocFromIndex(start), end: sourceCode.getLocFromIndex(end) }, messageId: problem.messageId, data };
  if (!fixClass) return report;
  const fix = fixerOf(finding, document, enabled, settings);
  if (settings.automatic.has(fixClass)) return { ...report, fix };
  return { ...report, suggest: [{ messageId: SUGGESTION, data: { change: changeOf(finding), fixClass }, fix }] };
}

/** ESLint asks for the text of every fix, whether or not it is applied: a fix that does not stand the test is none. */
function fixerOf(finding: Finding, document: TextDocument, enabled: EnabledRule, settings: ResolvedSettings): EslintRule.ReportFixer {
  return (fixer) => {
    const { splices, refusals } = document.lower([finding.problem.edits ?? []]);
    if (refusals[0] !== undefined || !keepsFix(document, splices as readonly Splice<string>[], finding, requestOf(enabled, settings))) return null;
    return splices.map(({ start, end, replacement }) => fixer.replaceTextRange([start, end], replacement));
  };
}

const requests = new Map<string, LintRequest>();

/** Everything that a fix could bring up: the rule itself with its options, and all others of the preset. */
function requestOf(enabled: EnabledRule, { strict, mode }: ResolvedSettings): LintRequest {
  const key = `${enabled.rule.id} ${strict} ${mode} ${JSON.stringify(enabled.options)}`;
  let request = requests.get(key);
  if (!request) {
    const others = rulesFor({ preset: strict ? 'strict' : 'recommended' }).filter(({ rule }) => rule !== enabled.rule && rule.formats.includes('code'));
    requests.set(key, (request = { rules: [enabled, ...others], mode }));
  }
  return request;
}

/** What the suggestion does, in few words. */
function changeOf({ problem }: Finding): string {
  const parts = (problem.edits ?? []).map((edit) => {
    switch (edit.type) {
      case 'move': return `move ${edit.layer.origin.name} ${edit.where} ${edit.target.origin.name}`;
      case 'remove': return `remove ${edit.layer.origin.name}`;
      case 'insert': return `insert dropout(${edit.spec.rate}) ${edit.where} ${edit.target.origin.name}`;
      case 'replace': return `make ${edit.layer.origin.name} ${becoming(edit.spec)}`;
      case 'schedule': return `let the rates follow the schedule ${edit.schedule.kind}`;
      case 'fold-scale': return `fold 1 − p into the weights of ${edit.into.origin.name}`;
      case 'unfold-scale': return `divide the weights of ${edit.into.origin.name} by 1 − p`;
      case 'fold-bias': return `fold the bias of ${edit.layer.origin.name} into ${edit.into.origin.name}`;
      case 'configure': return `set ${Object.entries(edit.settings).map(([key, value]) => (value === true ? key : `${key}: ${JSON.stringify(value)}`)).join(', ')}`;
    }
  });
  const text = parts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function becoming({ unit, law = 'bernoulli' }: DropoutSpec): string {
  if (law !== 'bernoulli') return `${law} dropout`;
  return unit === 'time' ? 'draw one mask for all steps' : unit === 'channel' ? 'drop whole channels' : 'drop single elements';
}
