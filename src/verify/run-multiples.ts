/** In the child: is what was recognised as a dropout one? Each element of its output must be 0 or its input times the scale. */
import { createFeed } from './feeds.js';
import type { MultiplesJob, MultiplesResult } from './jobs.js';
import type { Difference } from './proof.js';
import { Session } from './session.js';
import { isFloat, numberAt, ulpDistance } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

/** The scale is rounded once as 1/(1−p) and once more when it is applied. */
const ULP = 4;

export async function checkMultiples(job: MultiplesJob): Promise<MultiplesResult> {
  try {
    const session = await Session.create(job.model, { level: 'disabled', keepDropout: true });
    const result = await firstFault(session, job);
    await session.release();
    return result;
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function firstFault(session: Session, job: MultiplesJob): Promise<MultiplesResult> {
  for (const feed of job.feeds) {
    const outputs = await runAtAnySize(session, job, feed);
    for (const { input, output, scale, label } of job.pairs) {
      const fault = faultOf(outputs[input], outputs[output], scale, output);
      if (fault) return { outcome: 'compared', within: false, largest: fault, label };
    }
  }
  return { outcome: 'compared', within: true, largest: undefined, label: undefined };
}

async function runAtAnySize(session: Session, { inputs, bindings }: MultiplesJob, feed: MultiplesJob['feeds'][number]): Promise<Record<string, TensorValue>> {
  let refusal: unknown;
  for (const binding of bindings) {
    try {
      return await session.run(createFeed(inputs, feed, binding));
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

function faultOf(input: TensorValue | undefined, output: TensorValue | undefined, scale: number | undefined, name: string): Difference | undefined {
  if (!input || !output) return undefined;
  const shapes = { before: `[${input.dims.join(', ')}]`, after: `[${output.dims.join(', ')}]` };
  if (!isFloat(output.type) || input.type !== output.type || shapes.before !== shapes.after) {
    return { output: name, index: [], ...shapes, ulp: Infinity, relative: Infinity };
  }
  let factor = scale;
  const [x, y] = [input.data, output.data] as Exclude<TensorData, string[]>[];
  for (let i = 0; i < y!.length; i++) {
    const [before, after] = [numberAt(input.type, x!, i), numberAt(output.type, y!, i)];
    if (after === 0 || !Number.isFinite(before) || !Number.isFinite(after)) continue;
    factor ??= after / before;
    const ulp = ulpDistance(output.type, before * factor, after);
    // An unknown scale is measured at the first survivor, with that element's own rounding.
    if (ulp > (scale === undefined ? 4 * ULP : ULP)) return { output: name, index: [i], before, after, ulp, relative: Math.abs(before * factor - after) / Math.abs(after) };
  }
  return undefined;
}
