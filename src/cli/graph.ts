/** `droplint graph`: the architecture as a picture, with what is found in it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { Document } from '../formats/document.js';
import { readDocument } from '../formats/registry.js';
import { diagramOf, type Diagram, type Mark } from '../graph/diagram.js';
import { FIX_CLASSES } from '../graph/edits.js';
import { foldGraph } from '../graph/fold.js';
import type { Layer } from '../graph/layers.js';
import { ConfigLoader } from '../lint/config-file/load.js';
import { requestFor } from '../lint/config-file/request.js';
import { resolveConfiguration } from '../lint/config-file/resolve.js';
import { MODES, type ConfiguredMode } from '../lint/configuration.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { lintDocument, type Finding, type LintRequest } from '../lint/findings.js';
import { fixDocument } from '../lint/fix.js';
import { PRESETS } from '../lint/presets.js';
import { withSuppression } from '../lint/run.js';
import type { Column } from '../report/picture/svg.js';
import { count } from '../report/wording.js';
import { placeOf, type Preset } from '../rule.js';
import { examplesText } from './examples.js';

const FORMATS = ['svg', 'dot', 'mermaid', 'html'] as const;
type Format = (typeof FORMATS)[number];
const BY_EXTENSION: Readonly<Record<string, Format>> = { '.svg': 'svg', '.dot': 'dot', '.gv': 'dot', '.mmd': 'mermaid', '.mermaid': 'mermaid', '.html': 'html', '.htm': 'html' };

interface GraphOptions {
  format?: Format;
  output?: string;
  fixed?: boolean;
  findings: boolean;
  fold: boolean;
  preset?: Preset;
  mode?: ConfiguredMode;
  config?: string | false;
}

export function graphCommand(): Command {
  return new Command('graph')
    .description('draw the architecture, findings highlighted')
    .argument('<model>', 'a model or code')
    .addOption(new Option('-f, --format <format>', `${FORMATS.join(', ')}; by default that of the file, or svg`).choices(FORMATS))
    .option('-o, --output <file>', 'write the picture there')
    .option('--fixed', 'before and after the fixes, side by side (nothing is proven or written)')
    .option('--no-findings', 'the architecture alone')
    .option('--no-fold', 'every layer, however large the graph is')
    .addOption(new Option('-p, --preset <preset>', `rules: ${PRESETS.join(', ')}`).choices(PRESETS))
    .addOption(new Option('-m, --mode <mode>', `the graph is for: ${MODES.join(', ')}`).choices(MODES))
    .option('-c, --config <file>', 'this configuration file; --no-config: none')
    .addOption(new Option('--no-config').hideHelp())
    .addHelpText('after', `\n${examplesText('graph')}`)
    .action(async (file: string, options: GraphOptions) => {
      const text = await picture(file, options);
      if (options.output === undefined) console.log(text.trimEnd());
      else writeFileSync(options.output, text);
    });
}

async function picture(file: string, options: GraphOptions): Promise<string> {
  const format = formatOf(options);
  const document = await readDocument(file);
  if (document.models.length === 0) throw new ConfigurationError(`There is no model in ${file}.`);
  const absolute = path.resolve(file);
  const loaded = await new ConfigLoader(options.config).forFolder(path.dirname(absolute));
  const configuration = resolveConfiguration(absolute, loaded, { ...(options.preset && { preset: options.preset }), ...(options.mode && { mode: options.mode }) });
  const request = await withSuppression(document, requestFor(configuration));
  const findings = options.findings || options.fixed ? lintDocument(document, request) : [];
  const columns = options.fixed ? await beforeAndAfter(document, findings, request, options.fold) : [{ diagrams: diagramsOf(document, marksOf(findings), options.fold) }];
  const name = path.basename(file);
  const label = `${name}: ${findings.length === 0 ? 'no findings' : count(findings.length, 'finding')}`;
  switch (format) {
    case 'dot': return (await import('../report/picture/text.js')).dot(columns);
    case 'mermaid': return (await import('../report/picture/text.js')).mermaid(columns);
    case 'svg': return (await import('../report/picture/svg.js')).svgFile(columns, label);
    case 'html': return (await import('../report/html/graph-page.js')).graphPage(columns, label, findings.map(({ enabled, level, message, problem }) => ({ rule: enabled.rule.id, level, message, place: placeOf(problem).path })));
  }
}

function formatOf({ format, output }: GraphOptions): Format {
  if (format) return format;
  if (output === undefined) return 'svg';
  const known = BY_EXTENSION[path.extname(output).toLowerCase()];
  if (!known) throw new ConfigurationError(`The name ${output} does not say which format it is: --format ${FORMATS.join(', ')}.`);
  return known;
}

type Marks = Map<Layer, Mark>;

function marksOf(findings: readonly Finding[]): Marks {
  const related = findings.flatMap(({ problem }) => problem.related ?? []).map((layer): [Layer, Mark] => [layer, 'related']);
  return new Map([...related, ...findings.map(({ problem }): [Layer, Mark] => [problem.at, 'found'])]);
}

/** Of code with branches, the first variant of each model. */
function diagramsOf(document: Document, marks: Marks, fold: boolean): readonly Diagram[] {
  const graphs = document.models.flatMap(({ variants }) => variants[0] ?? []);
  return graphs.filter(({ layers }) => layers.length > 0).map((graph) => diagramOf(graph, foldGraph(graph, new Set(marks.keys()), fold ? {} : { limit: Infinity }), marks));
}

/** What all fixes but suggestions would do. */
async function beforeAndAfter(document: Document, findings: readonly Finding[], request: LintRequest, fold: boolean): Promise<readonly Column[]> {
  const outcome = await fixDocument(document, { ...request, classes: new Set(FIX_CLASSES.filter((each) => each !== 'suggestion')), level: 'info', prove: undefined });
  const keys = new Set(outcome.fixed.flatMap(({ finding }) => (finding.problem.edits ?? []).flatMap((edit) => ('layer' in edit ? [edit.layer.key] : []))));
  const known = new Set(document.models.flatMap(({ variants }) => variants.flat()).flatMap((graph) => graph.layers.map(({ key }) => key)));
  const layers = outcome.document.models.flatMap(({ variants }) => variants.flat()).flatMap((graph) => graph.layers);
  const marks = new Map([...marksOf(outcome.remaining), ...layers.filter(({ key }) => keys.has(key) || !known.has(key)).map((layer): [Layer, Mark] => [layer, 'changed'])]);
  return [
    { title: 'before', diagrams: diagramsOf(document, marksOf(findings), fold) },
    { title: `after ${count(outcome.fixed.length, 'fix')}`, diagrams: diagramsOf(outcome.document, marks, fold) },
  ];
}
