/** A fix of source code is kept only if its finding is gone and nothing new appears. */
import type { Splice, TextDocument } from '../formats/document.js';
import { lintDocument, type Finding, type LintRequest } from './findings.js';

/** Findings by rule and message. Layers move and their keys with them, so that findings are counted, not compared by name. */
function countsOf(document: TextDocument, request: LintRequest): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const finding of lintDocument(document, request)) counts.set(kindOf(finding), (counts.get(kindOf(finding)) ?? 0) + 1);
  return counts;
}

/** Information is no reason to refuse a fix. */
const kindOf = ({ enabled, problem, level }: Finding) => `${enabled.rule.id} ${problem.messageId}${level === 'info' ? ' info' : ''}`;

const known = new WeakMap<TextDocument, Map<LintRequest, ReadonlyMap<string, number>>>();

function before(document: TextDocument, request: LintRequest): ReadonlyMap<string, number> {
  const byRequest = known.get(document) ?? new Map<LintRequest, ReadonlyMap<string, number>>();
  known.set(document, byRequest);
  const counts = byRequest.get(request) ?? countsOf(document, request);
  byRequest.set(request, counts);
  return counts;
}

/** Whether the splices take the finding away and bring no other one; a syntax error is the format's to refuse. */
export function keepsFix(document: TextDocument, splices: readonly Splice<string>[], finding: Finding, request: LintRequest): boolean {
  const was = before(document, request);
  const is = countsOf(document.withSplices(splices) as TextDocument, request);
  const gone = (is.get(kindOf(finding)) ?? 0) < (was.get(kindOf(finding)) ?? 0);
  return gone && [...is].every(([kind, count]) => kind.endsWith(' info') || count <= (was.get(kind) ?? 0));
}
