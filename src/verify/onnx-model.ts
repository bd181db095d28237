/** What verification needs of an ONNX document: its index, and the dropouts that droplint recognises in it. */
import type { OnnxDocument, RecognisedDropout } from '../formats/onnx/document.js';

export type OnnxModel = Pick<OnnxDocument, 'record' | 'dropouts' | 'models'>;
export type { RecognisedDropout };
