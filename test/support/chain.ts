/** The chain language, in every format: what test tables are written in. See fixtures/chain/syntax.ts. */
export { allSteps, findStep, isDropout, parseChain } from '../../fixtures/chain/syntax.js';
export type { Chain, Step } from '../../fixtures/chain/syntax.js';
export { chainModel, toOnnx } from '../../fixtures/chain/onnx.js';
export type { OnnxOptions } from '../../fixtures/chain/onnx.js';
export { toTensorFlowJs, writeTensorFlowJs } from '../../fixtures/chain/tensorflowjs.js';
export type { CodeOptions } from '../../fixtures/chain/tensorflowjs.js';
export { toModelJson } from '../../fixtures/chain/topology.js';
