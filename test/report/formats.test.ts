import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import fc from 'fast-check';
import { marked } from 'marked';
import pc from 'picocolors';
import type * as Sarif from 'sarif';
import { beforeAll, describe, expect, it } from 'vitest';
import { filterMessages, unreadableResult, type FixedMessage, type LintMessage, type LintResult } from '../../src/lint/result.js';
import { UnreadableError } from '../../src/formats/document.js';
import { formatters, type ReportContext } from '../../src/report/formatter.js';
import { escapeAttribute, escapeMarkup } from '../../src/report/markup.js';
import { positionsIn } from '../../src/report/text-regions.js';
import type { Proof } from '../../src/verify/proof.js';

const context: ReportContext = { colors: pc.createColors(false), cwd: '/project', width: 100, verbose: false };
const proof: Proof = { class: 'exact', verdict: 'proven', checks: [{ check: 'inference', verdict: 'holds', detail: 'All outputs agree.', levels: ['disabled', 'all'] }] };

const message = (extra: Partial<LintMessage> = {}): LintMessage => ({
  ruleId: 'dropout-after-activation', severity: 1, level: 'warn', message: 'Dropout stands before gelu.', messageId: 'scale', line: 3, column: 1,
  nodeName: '/2/Dropout', graphPath: 'graph:node[2](/2/Dropout)', fingerprint: 'aaaaaaaaaaaa:bbbbbbbbbbbb', ...extra,
});
const result = (filePath: string, messages: readonly LintMessage[], extra: Partial<LintResult> = {}): LintResult =>
  ({ ...filterMessages({ ...unreadableResult(new UnreadableError(filePath, '')), messages }, () => true), ...extra });

const SOURCE = 'const a = 1;\r\nmodel.add(tf.layers.dropout(0.5));\n';
const RESULTS: readonly LintResult[] = [
  result('/project/models/net.onnx', [
    message({ severity: 2, level: 'error', fixClass: 'exact', hint: 'Do this: 100 %, then that.', source: { file: '/project/src/net.py', line: 14, text: 'x = drop(x)' }, related: ['/3/Relu'] }),
    message({ source: { file: '/elsewhere/lib.py', line: 2 } }),
    message({ ruleId: 'no-high-dropout-rate', severity: 0, level: 'info', message: 'A | pipe, `code`, <tag> & "quotes",\nand a second line: 50 %' }),
    message({ ruleId: null, message: 'unused directive', fingerprint: undefined }),
  ], {
    suppressedMessages: [message({ suppressions: [{ kind: 'directive', justification: 'reviewed' }] }), message({ suppressions: [{ kind: 'baseline', justification: '' }] })],
    fixed: [message({ fixClass: 'exact', proof }) as FixedMessage],
  }),
  result('/project/src/net.ts', [message({ line: 2, column: 11, endLine: 2, endColumn: 33, graphPath: '2:11', fixClass: 'repair', replacements: [{ start: 42, end: 45, text: '{ rate: 0.5 }' }], ruleId: 'valid-dropout-config', severity: 2, level: 'error' })], { source: SOURCE }),
  result('/project/odd, name:100%/ä#.onnx', [message()]),
  unreadableResult(new UnreadableError('/project/bad.onnx', 'it ends too early', 'byte 12')),
  result('/elsewhere/clean.onnx', []),
];

describe('sarif', () => {
  let log: Sarif.Log;
  beforeAll(() => {
    log = JSON.parse(formatters.sarif(RESULTS, context)) as Sarif.Log;
  });

  it('is valid SARIF 2.1.0', () => {
    const file = path.join(path.dirname(createRequire(import.meta.url).resolve('@microsoft/jest-sarif')), 'schemas/sarif-2.1.0-rtm.5.json');
    const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
    addFormats.default(ajv as never);
    const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
    for (const each of [log, JSON.parse(formatters.sarif([], context)) as Sarif.Log]) {
      validate(each);
      expect(validate.errors ?? []).toEqual([]);
    }
    // The schema does see faults.
    expect(validate({ ...log, version: '2.0.0' })).toBe(false);
  });

  it('has rules with help, and results that point at them', () => {
    const [run] = log.runs;
    const { rules = [] } = run!.tool.driver;
    expect(rules.map(({ id }) => id)).toEqual(['dropout-after-activation', 'no-high-dropout-rate', 'valid-dropout-config']);
    expect(rules[0]).toMatchObject({ name: 'DropoutAfterActivation', helpUri: expect.stringMatching(/^https:.*dropout-after-activation\.md$/) as string, help: { markdown: expect.stringContaining('# dropout-after-activation') as string } });
    for (const { ruleId, ruleIndex } of run!.results ?? []) if (ruleIndex !== undefined) expect(rules[ruleIndex]!.id).toBe(ruleId);
  });

  it('has logical locations for graphs and physical ones for text, and the Python line of a node', () => {
    const results = log.runs[0]!.results ?? [];
    const python = results[0]!;
    expect(python.locations).toEqual([{
      physicalLocation: { artifactLocation: { uri: 'src/net.py', uriBaseId: 'ROOT' }, region: { startLine: 14 } },
      logicalLocations: [{ name: '/2/Dropout', fullyQualifiedName: 'graph:node[2](/2/Dropout)', kind: 'member' }],
    }]);
    expect(python.relatedLocations).toEqual([{ id: 0, message: { text: 'the exported model' }, physicalLocation: { artifactLocation: { uri: 'models/net.onnx', uriBaseId: 'ROOT' } } }]);
    // A file outside the project is no place that a viewer could show.
    expect(results[1]).toMatchObject({ locations: [{ physicalLocation: { artifactLocation: { uri: 'models/net.onnx' } } }], properties: { source: '/elsewhere/lib.py:2' } });
    const code = results.find(({ ruleId }) => ruleId === 'valid-dropout-config')!;
    expect(code.locations).toEqual([{ physicalLocation: { artifactLocation: { uri: 'src/net.ts', uriBaseId: 'ROOT' }, region: { startLine: 2, startColumn: 11, endLine: 2, endColumn: 33 } } }]);
    expect(results.find(({ locations }) => locations?.[0]?.physicalLocation?.artifactLocation?.uri?.startsWith('odd'))?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe('odd%2C%20name%3A100%25/%C3%A4%23.onnx');
  });

  it('has fixes for text, suppressions, fingerprints, and what could not be read', () => {
    const results = log.runs[0]!.results ?? [];
    expect(results.flatMap(({ fixes }) => fixes ?? [])).toEqual([{
      description: { text: 'A fix of the class repair.' },
      artifactChanges: [{ artifactLocation: { uri: 'src/net.ts', uriBaseId: 'ROOT' }, replacements: [{ deletedRegion: { startLine: 2, startColumn: 29, endLine: 2, endColumn: 32 }, insertedContent: { text: '{ rate: 0.5 }' } }] }],
    }]);
    expect(results.flatMap(({ suppressions }) => suppressions ?? [])).toEqual([{ kind: 'inSource', justification: 'reviewed' }, { kind: 'external' }]);
    expect(results[0]!.partialFingerprints).toEqual({ 'node/v1': 'aaaaaaaaaaaa', 'place/v1': 'bbbbbbbbbbbb' });
    expect(log.runs[0]!.invocations).toMatchObject([{ executionSuccessful: false, toolExecutionNotifications: [{ message: { text: 'it ends too early (byte 12)' } }] }]);
    expect(results.map(({ level }) => level)).toContain('note');
  });
});

it('positionsIn counts lines and columns from 1, whatever ends a line', () => {
  const at = positionsIn('a\nbc\r\nd\re');
  expect([0, 2, 3, 6, 8].map(at)).toEqual([{ line: 1, column: 1 }, { line: 2, column: 1 }, { line: 2, column: 2 }, { line: 3, column: 1 }, { line: 4, column: 1 }]);
});

describe('github', () => {
  it('escapes, and annotates the Python line where it is in the project', () => {
    expect(formatters.github(RESULTS, context)).toMatchSnapshot();
  });

  it('is one command a line', () => {
    for (const line of formatters.github(RESULTS, context).split('\n')) expect(line).toMatch(/^::(?:error|warning|notice) file=[^:,]+,?.*::.+$/);
  });
});

describe('junit', () => {
  it('is well-formed, and counts what it holds', () => {
    const xml = formatters.junit(RESULTS, context);
    expect(XMLValidator.validate(xml)).toBe(true);
    const { testsuites } = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'testcase' || name === 'testsuite' }).parse(xml) as { testsuites: Record<string, string> & { testsuite: { '@_name': string; testcase: { failure?: unknown; error?: unknown; 'system-out'?: string }[] }[] } };
    const cases = testsuites.testsuite.flatMap(({ testcase }) => testcase);
    expect(testsuites.testsuite.map((suite) => suite['@_name'])).toEqual(['models/net.onnx', 'src/net.ts', 'odd, name:100%/ä#.onnx', 'bad.onnx', '/elsewhere/clean.onnx']);
    expect({ tests: testsuites['@_tests'], failures: testsuites['@_failures'], errors: testsuites['@_errors'] }).toEqual({ tests: String(cases.length), failures: String(cases.filter(({ failure }) => failure !== undefined).length), errors: '1' });
    expect(cases.find((each) => each['system-out'])?.['system-out']).toContain('A | pipe');
  });

  it('stays well-formed for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, text) => {
      const xml = formatters.junit([result(`/project/${name}.onnx`, [message({ message: text, nodeName: name, graphPath: name })])], context);
      expect(XMLValidator.validate(xml)).toBe(true);
      // eslint-disable-next-line no-control-regex
      expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    }));
  });

  it('escapes for text and for attributes', () => {
    expect(escapeMarkup('<a b="c">&\'\u0000')).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&#39;\ufffd');
    expect(escapeAttribute('a\nb')).toBe('a&#10;b');
  });
});

describe('markdown', () => {
  it('is a comment that a person can read', () => {
    expect(formatters.markdown(RESULTS, context)).toMatchSnapshot();
  });

  it('shows any message as it is: no markup of its own, and one row for each', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '|', '`', '*', '_', '<', '>', '[', ']', '(', ')', '#', '\\', '\n', '~', '&'), minLength: 1 }), (text) => {
      const html = marked.parse(formatters.markdown([result('/project/m.onnx', [message({ message: `x${text}x`, graphPath: 'g' })])], context), { async: false });
      expect(html.match(/<tr>/g)).toHaveLength(2);
      expect(html).not.toMatch(/<(?:em|strong|del)>(?!\(fix)/);
    }));
  });

  it('stays within what a comment may hold', () => {
    const many = Array.from({ length: 400 }, (_, index) => result(`/project/m${index}.onnx`, [message({ message: 'x'.repeat(300) })]));
    const text = formatters.markdown(many, context);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/… and \d+ more files\.$/);
  });
});
