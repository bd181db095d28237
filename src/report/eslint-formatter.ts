/** Formatters of ESLint: those that it brings along, those of packages, and those in files. */
import { rules } from '../../rules/index.js';
import { ConfigurationError, suggestion } from '../lint/configuration-error.js';
import type { LintMessage, LintResult } from '../lint/result.js';
import { formatters, type Formatter } from './formatter.js';
import { rulePage } from './rule-pages.js';

/** ESLint finds and loads it, seen from the current folder. Throws `ConfigurationError`. */
export async function eslintFormatter(name: string): Promise<Formatter> {
  const eslint = await loadEslint(name);
  /** It would ask the configuration of ESLint, which does not know our rules. */
  class Host extends eslint.ESLint {
    override getRulesMetaForResults() {
      return meta;
    }
  }
  const formatter = await new Host({ cwd: process.cwd(), overrideConfigFile: true }).loadFormatter(name).catch((error: unknown) => {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n');
    const own = Object.keys(formatters);
    throw new ConfigurationError(`"${name}" is neither a format of droplint (${own.join(', ')}) nor a formatter that ESLint finds.${suggestion(name, own)} (${reason})`);
  });
  return async (results) => (await formatter.format(results.map(asEslintResult), {})).trimEnd();
}

async function loadEslint(name: string): Promise<typeof import('eslint')> {
  try {
    return await import('eslint');
  } catch {
    const own = Object.keys(formatters);
    throw new ConfigurationError(`"${name}" is not a format of droplint (${own.join(', ')}).${suggestion(name, own)} For ESLint's formatters, install it: npm install eslint`);
  }
}

const meta = Object.fromEntries(rules.map(({ id, statement, levels }) => [
  id,
  { type: levels.recommended === 'error' ? ('problem' as const) : ('suggestion' as const), docs: { description: statement, url: rulePage(id), recommended: levels.recommended !== 'off' } },
]));

/** ESLint has no informational findings; places in graphs stand in the messages, since lines say little of them. */
function asEslintResult(result: LintResult) {
  const { filePath, errorCount, warningCount, fatalErrorCount, fixableErrorCount, fixableWarningCount, source, output } = result;
  const asMessage = (message: LintMessage) => {
    const { ruleId, severity, line, column, endLine, endColumn, fatal, messageId, graphPath } = message;
    const text = source === undefined && graphPath !== undefined ? `${graphPath}: ${message.message}` : message.message;
    return { ruleId, severity: severity as 1 | 2, message: text, line, column, ...(messageId && { messageId }), ...(endLine !== undefined && { endLine, endColumn }), ...(fatal && { fatal }) };
  };
  return {
    filePath, errorCount, warningCount, fatalErrorCount, fixableErrorCount, fixableWarningCount,
    messages: result.messages.filter(({ severity }) => severity !== 0).map(asMessage),
    suppressedMessages: result.suppressedMessages.filter(({ severity }) => severity !== 0).map((message) => ({ ...asMessage(message), suppressions: (message.suppressions ?? []).map(({ justification }) => ({ kind: 'directive', justification })) })),
    usedDeprecatedRules: [],
    ...(source !== undefined && { source }),
    ...(output !== undefined && { output }),
  };
}
