/** Which line of the user's Python a node came from: PyTorch's exporters write it down in two ways. */
import type { SourceLine } from '../../../graph/layers.js';
import type { NodeRecord } from '../wire/records.js';

const LIBRARY = /[\\/](?:site-packages|dist-packages|lib[\\/]python[\d.]+)[\\/]/;
/** `File "model.py", line 16, in forward`, its source text on the line below (the current exporter's stack trace). */
const FRAME = /File "(.+?)", line (\d+), in [^\n]*(?:\n\s*([^\n]+))?/g;
/** `model.py(19): forward` (the TorchScript exporter with verbose=True). */
const CALL = /^(.+?)\((\d+)\): /gm;

/** The innermost frame of the user's own code. */
export function sourceOf(node: NodeRecord): SourceLine | undefined {
  const trace = node.metadata.get('pkg.torch.onnx.stack_trace');
  if (trace) {
    const own = [...trace.matchAll(FRAME)].filter((frame) => !LIBRARY.test(frame[1]));
    const frame = own.at(-1);
    if (frame) return { file: frame[1], line: Number(frame[2]), text: frame[3]?.trim() };
  }
  if (node.docString.includes('): ')) {
    // Innermost first.
    const call = [...node.docString.matchAll(CALL)].find((each) => !LIBRARY.test(each[1]));
    if (call) return { file: call[1], line: Number(call[2]) };
  }
  return undefined;
}
