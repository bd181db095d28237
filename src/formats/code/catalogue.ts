/** The names of TensorFlow.js Layers (exports_layers.ts of @tensorflow/tfjs-layers 4.22) and of its activations. */
import type { ActivationFunction } from '../../graph/layers.js';

const ALIASES: Readonly<Record<string, string>> = {
  avgPool1d: 'averagePooling1d',
  avgPooling1d: 'averagePooling1d',
  avgPool2d: 'averagePooling2d',
  avgPooling2d: 'averagePooling2d',
  avgPool3d: 'averagePooling3d',
  avgPooling3d: 'averagePooling3d',
  globalMaxPool1d: 'globalMaxPooling1d',
  globalMaxPool2d: 'globalMaxPooling2d',
  maxPool1d: 'maxPooling1d',
  maxPool2d: 'maxPooling2d',
};

/** Every factory of `tf.layers`, aliases included. */
export const LAYER_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(ALIASES),
  ...('inputLayer elu reLU leakyReLU prelu softmax thresholdedReLU conv1d conv2d conv2dTranspose conv3d conv3dTranspose separableConv2d '
    + 'cropping2D upSampling2d depthwiseConv2d activation dense dropout spatialDropout1d flatten repeatVector reshape permute embedding '
    + 'add average concatenate maximum minimum multiply dot batchNormalization layerNormalization zeroPadding2d averagePooling1d '
    + 'averagePooling2d averagePooling3d globalAveragePooling1d globalAveragePooling2d globalMaxPooling1d globalMaxPooling2d maxPooling1d '
    + 'maxPooling2d maxPooling3d gru gruCell lstm lstmCell simpleRNN simpleRNNCell convLstm2d convLstm2dCell rnn stackedRNNCells '
    + 'bidirectional timeDistributed gaussianNoise gaussianDropout alphaDropout masking rescaling centerCrop resizing categoryEncoding randomWidth').split(' '),
]);

/** The name that an alias stands for; any other name as it is. */
export const canonicalLayer = (name: string): string => ALIASES[name] ?? name;

/** The module of the kinds of dropout that TensorFlow.js lacks (src/tfjs). */
export const RUNTIME = 'droplint/tfjs' as const;

/** Its classes whose layers are dropouts and nothing else. */
export const DROPOUT_CLASSES: ReadonlySet<string> = new Set(['AlphaDropout', 'ConcreteDropout', 'SpatialDropout2D', 'SpatialDropout3D', 'VariationalDropout']);

/** Every layer class of it. */
export const RUNTIME_CLASSES: ReadonlySet<string> = new Set([...DROPOUT_CLASSES, 'DropConnectDense']);

/** The factories and classes that make a dropout layer. */
export const DROPOUT_NAMES: ReadonlySet<string> = new Set(['dropout', 'spatialDropout1d', 'gaussianDropout', 'alphaDropout', ...DROPOUT_CLASSES]);

const ACTIVATIONS: Readonly<Record<string, ActivationFunction>> = {
  elu: 'elu', hardSigmoid: 'hard-sigmoid', linear: 'linear', relu: 'relu', relu6: 'relu6', selu: 'selu', sigmoid: 'sigmoid', softmax: 'softmax',
  softplus: 'softplus', softsign: 'softsign', tanh: 'tanh', swish: 'silu', mish: 'mish', gelu: 'gelu', gelu_new: 'gelu', logSoftmax: 'log-softmax',
  // Strings are looked up in the class map, where the layers stand too.
  LeakyReLU: 'leaky-relu', ReLU: 'relu', ELU: 'elu', PReLU: 'prelu', Softmax: 'softmax', ThresholdedReLU: 'thresholded-relu',
  // Keras spellings in model.json; as arguments in code they throw.
  hard_sigmoid: 'hard-sigmoid', silu: 'silu', log_softmax: 'log-softmax', leaky_relu: 'leaky-relu', exponential: 'exp',
};

/** The function that an `activation:` string names; `undefined` when TensorFlow.js has none of that name. */
export const activationNamed = (name: string): ActivationFunction | undefined => (Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined);
