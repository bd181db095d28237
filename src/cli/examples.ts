/** Examples of the help texts. A test runs every one of them, in a repository with two models and a history. */
export interface Example {
  /** Without the leading `droplint`. */
  readonly line: string;
  readonly about: string;
}

export const examples: Readonly<Record<string, readonly Example[]>> = {
  lint: [
    { line: 'models/', about: 'lint a folder' },
    { line: 'models/ --fix', about: 'fix, prove, write' },
    { line: '--changed main', about: "lint what a branch has changed" },
  ],
  init: [
    { line: 'init --preset strict', about: 'write droplint.config.* here' },
  ],
  rules: [
    { line: 'rules', about: 'a table' },
    { line: 'rules --json', about: 'for programs' },
  ],
  explain: [
    { line: 'explain dropout-after-activation', about: 'its page' },
  ],
  print: [
    { line: 'print models/net.onnx', about: 'as the rules see it' },
    { line: 'print --plain models/net.onnx', about: 'stable lines, for diffs: git diff.<driver>.textconv' },
  ],
  graph: [
    { line: 'graph models/net.onnx -o net.svg', about: 'a picture; the format is that of the file' },
    { line: 'graph models/net.onnx --fixed -o net.html', about: 'before and after the fixes, side by side' },
    { line: 'graph models/net.onnx --format mermaid', about: 'for Markdown' },
  ],
  diff: [
    { line: 'diff old.onnx models/net.onnx', about: 'what differs in architecture and weights' },
    { line: 'diff old.onnx models/net.onnx --format json', about: 'for programs' },
    { line: 'diff old.onnx models/net.onnx --exit-code', about: 'exit with 1 when something does' },
  ],
  rewrite: [
    { line: 'rewrite models/net.onnx --to inference -o lean.onnx', about: 'without any dropout' },
    { line: 'rewrite models/net.onnx --to dropout --training-mode input', about: 'one switch for all' },
    { line: 'rewrite models/net.onnx --to variational --as-function', about: 'learned noise, one node each' },
    { line: 'rewrite models/net.onnx --to alpha --where dropout-after-activation --diff', about: 'a preview' },
    { line: 'rewrite models/net.onnx --to scheduled --schedule linear --epochs 50', about: 'the rate an input' },
  ],
  'merge-reports': [
    { line: 'merge-reports shard-1.json shard-2.json', about: 'one report of many machines' },
    { line: 'merge-reports shard-*.json --format sarif=all.sarif --format stylish', about: 'in other formats' },
  ],
};

/** `Examples:` and a line for each. */
export function examplesText(command: string): string {
  const listed = examples[command] ?? [];
  const width = Math.max(...listed.map(({ line }) => line.length));
  return ['Examples:', ...listed.map(({ line, about }) => `  droplint ${line.padEnd(width)}  ${about}`), ''].join('\n');
}
