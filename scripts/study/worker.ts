/** A process of its own for a run: TensorFlow.js's CPU backend uses one core, and Math.random is the run's. */
import { measure, type Run } from './training.js';

export default async (run: Run): Promise<unknown> => measure(run);
