/** Only for running from the sources: a worker thread that reads TypeScript (Node.js 20 does not give it the parent's loader). */
import { register } from 'tsx/esm/api';

register();
const { default: work } = await import('./worker.ts');
export default work;
