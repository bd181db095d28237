/** onnx.checker with full_check, of Debian's python3-onnx (1.12: opset 17 and IR 8 at most), where it is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PYTHON = '/usr/bin/python3';
const PROGRAM = `
import json, sys, onnx
out = []
for file in sys.argv[1:]:
    try:
        model = onnx.load(file)
        # Below opset 7 most operators have no shape inference, and full_check takes what it cannot infer for an error.
        full = all(opset.version >= 7 for opset in model.opset_import if opset.domain in ('', 'ai.onnx'))
        onnx.checker.check_model(model, full_check=full)
        out.append(None)
    except Exception as error:
        out.append(str(error).strip()[:600])
print(json.dumps(out))
`;

let version: string | undefined;

/** The version of onnx that the checker has; '' where there is none. */
export function checkerVersion(): string {
  version ??= spawnSync(PYTHON, ['-c', 'import onnx; print(onnx.__version__)'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  return version;
}

export const CHECKER_OPSET = 17;

/** What the checker says of each model: `undefined` when it is content. */
export function checkModels(models: readonly Uint8Array[]): (string | undefined)[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'droplint-checker-'));
  try {
    const files = models.map((model, i) => {
      const file = path.join(folder, `${i}.onnx`);
      writeFileSync(file, model);
      return file;
    });
    const { stdout, stderr, status } = spawnSync(PYTHON, ['-c', PROGRAM, ...files], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(`onnx.checker could not run: ${stderr}`);
    return (JSON.parse(stdout) as (string | null)[]).map((error) => error ?? undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
