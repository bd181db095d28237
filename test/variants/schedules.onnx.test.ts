/** A Dropout whose ratio is a graph input, fed by a schedule: what onnxruntime drops in each epoch. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { SCHEDULE_KINDS, schedules } from '../../src/variants/schedules.js';
import { isCredibleCount } from '../../src/verify/bounds.js';

/** The first elements of onnxruntime's draws are no fair ones (verification.md). */
const [UNITS, UNFAIR] = [20_000, 16];

let session: InferenceSession;
beforeAll(async () => {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  g.output(dropout(g, g.input('x', [UNITS]), { rate: 0.5, form: 'input', modeFrom: 'initializer', state: 'live', ratioName: 'rate' }), 'y');
  // Its optimiser would delete a training Dropout.
  session = await InferenceSession.create(model.encode(), { graphOptimizationLevel: 'disabled', logSeverityLevel: 3 });
});
afterAll(async () => session.release());

describe('the dropped fraction follows', () => {
  it.each(SCHEDULE_KINDS)('%s', async (kind) => {
    const epochs = 10;
    const schedule = schedules[kind]({ rate: 0.6, epochs });
    for (let epoch = 0; epoch < epochs; epoch++) {
      const rate = Math.fround(schedule(epoch));
      const { y } = await session.run({ x: new Tensor('float32', new Float32Array(UNITS).fill(1), [UNITS]), rate: new Tensor('float32', Float32Array.of(rate), []) });
      const fair = (y!.data as Float32Array).slice(UNFAIR);
      const dropped = fair.filter((value) => value === 0).length;
      expect({ epoch, dropped, credible: rate === 0 ? dropped === 0 : isCredibleCount(dropped, fair.length, rate) }).toMatchObject({ epoch, credible: true });
    }
  });
});
