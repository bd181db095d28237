/** What to do where a proof needs onnxruntime-node and it is not there. `args`: the command line, to be given again. */
export function howToInstall(args: readonly string[]): string {
  const again = args.map((argument) => (/^[\w./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`)).join(' ');
  return [
    'Every fix is proven on ONNX Runtime before it is written, and onnxruntime-node is not installed here. Install it:',
    '',
    '  npm install onnxruntime-node',
    '',
    'or run it without installing:',
    '',
    `  npx -p onnxruntime-node -p droplint droplint ${again}`,
    '',
    '(--no-verify writes fixes without proof.)',
  ].join('\n');
}
