/** `droplint verify`: are two models the same? Exit code 0 equal, 1 different, 2 not executable. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { FixClass } from '../graph/edits.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { checkText } from '../report/proof-text.js';
import type { Tolerance } from '../verify/compare.js';
import type { ModelComparison } from '../verify/compare-models.js';

interface VerifyOptions {
  class?: FixClass;
  tolerance?: Tolerance;
  feeds?: string;
  runs?: number;
  format: 'text' | 'json';
}

export function verifyCommand(exit: (code: number) => void): Command {
  return new Command('verify')
    .description('prove on ONNX Runtime that two models are the same')
    .argument('<before>', 'an ONNX model')
    .argument('<after>', 'the model to hold against it; inputs and outputs are matched by name')
    .addOption(new Option('--class <class>', 'what to prove: exact, exact-in-distribution, inference-exact;\nwithout it: equal outputs at inference, and the strongest class').choices(['exact', 'exact-in-distribution', 'inference-exact']))
    .option('--tolerance <size>', "what counts as equal: '8ulp', or 1e-5 of the output's largest magnitude", parseTolerance)
    .option('--feeds <path>', 'inputs: a .npz, or a folder of input_<k>.pb or test_data_set_<k>')
    .option('--runs <number>', 'how many feeds to draw', parseRuns)
    .addOption(new Option('-f, --format <format>', 'report as: text (default), json').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExit codes: 0 equal; 1 different; 2 not executable, or a file that cannot be read.')
    .action(async (before: string, after: string, options: VerifyOptions) => exit(await verify(before, after, options)));
}

const EXIT_CODES: Readonly<Record<ModelComparison['verdict'], number>> = { equal: 0, different: 1, 'not-executable': 2 };

async function verify(before: string, after: string, options: VerifyOptions): Promise<number> {
  const [{ compareModels }, { isOnnxruntimeInstalled }, { readOnnx }] = await Promise.all([import('../verify/compare-models.js'), import('../verify/runtime.js'), import('../formats/onnx/document.js')]);
  if (!isOnnxruntimeInstalled()) throw new ConfigurationError('onnxruntime-node is not installed. Install it with: npm install onnxruntime-node');
  const [x, y] = [readOnnx(before), readOnnx(after)];
  const given = options.feeds === undefined ? undefined : (await import('../verify/feed-files.js')).readFeeds(options.feeds, x.record.graph.inputs.map(({ name }) => name).filter((name) => !x.record.graph.initializers.has(name)));
  const comparison = await compareModels(x, y, options.class, {
    ...(options.tolerance && { tolerance: options.tolerance }),
    ...(options.runs && { runs: options.runs }),
    ...(given && { given }),
  });
  console.log(options.format === 'json' ? JSON.stringify({ before, after, ...comparison }, null, 2) : textOf(comparison, before, after));
  return EXIT_CODES[comparison.verdict];
}

/** The verdict and what it rests on: each check, a failed one with the output, the place and both values. */
export function textOf({ verdict, strongest, checks }: ModelComparison, before: string, after: string): string {
  const head = `${verdict === 'not-executable' ? 'not executable' : verdict}  ${before} and ${after}${strongest ? ` (${strongest})` : ''}`;
  return [head, ...checks.map((check) => `  ${checkText(check)}`)].join('\n');
}

function parseTolerance(text: string): Tolerance {
  const ulp = /^(\d+)\s*ulp$/i.exec(text);
  if (ulp) return { ulp: Number(ulp[1]), relative: 0 };
  const relative = Number(text);
  if (text.trim() === '' || !(relative >= 0 && relative < 1)) throw new InvalidArgumentError("It must be a number below 1, or a number of units in the last place: '8ulp'.");
  return { ulp: 0, relative };
}

function parseRuns(text: string): number {
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return runs;
}
