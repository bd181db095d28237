import { readFileSync } from 'node:fs';
import { formats } from '../../src/formats/registry.js';
import { readCode } from '../../src/formats/code/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
const list = formats as unknown as unknown[];
if (!formats.some((f) => f.name === 'code')) list.push({ name: 'code', extensions: ['.ts', '.js'], read: async (file: string) => readCode(file, readFileSync(file, 'utf8')) });
if (!formats.some((f) => f.name === 'topology')) list.push({ name: 'topology', extensions: ['.json'], read: async (file: string) => readTopology(file, readFileSync(file, 'utf8')) });
await import("../rules/dropout-after-activation.test.js"); await import("../rules/dropout-after-batch-norm.test.js"); await import("../rules/dropout-before-classifier.test.js"); await import("../rules/no-dropout-between-convs.test.js");
