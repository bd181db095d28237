/** Keras class names → the factories of TensorFlow.js that make the same layer. */
import { LAYER_NAMES, canonicalLayer } from '../code/catalogue.js';

const IRREGULAR: Readonly<Record<string, string>> = {
  ReLU: 'reLU', LeakyReLU: 'leakyReLU', PReLU: 'prelu', ELU: 'elu', ThresholdedReLU: 'thresholdedReLU', GRU: 'gru', GRUCell: 'gruCell', LSTM: 'lstm',
  LSTMCell: 'lstmCell', SimpleRNN: 'simpleRNN', SimpleRNNCell: 'simpleRNNCell', RNN: 'rnn', StackedRNNCells: 'stackedRNNCells',
  ConvLSTM2D: 'convLstm2d', ConvLSTM2DCell: 'convLstm2dCell', Cropping2D: 'cropping2D', UpSampling2D: 'upSampling2d', ZeroPadding2D: 'zeroPadding2d',
  InputLayer: 'inputLayer', Merge: 'add',
  // Of droplint/tfjs, which registers them.
  ConcreteDropout: 'ConcreteDropout', DropConnectDense: 'DropConnectDense', VariationalDropout: 'VariationalDropout',
  // Loadable by Keras; TensorFlow.js has no such layer.
  SpatialDropout2D: 'spatialDropout2d', SpatialDropout3D: 'spatialDropout3d',
};

/** The factory's name; a class that TensorFlow.js does not have stays what it is. */
export function factoryOf(className: string): { readonly type: string; readonly custom: boolean } {
  const irregular = IRREGULAR[className];
  if (irregular) return { type: irregular, custom: false };
  const type = canonicalLayer(className.charAt(0).toLowerCase() + className.slice(1).replace(/(\d)D/, '$1d'));
  return LAYER_NAMES.has(type) ? { type, custom: false } : { type: className, custom: true };
}

export const isModelClass = (className: string | undefined): boolean => className === 'Sequential' || className === 'Model' || className === 'Functional';
