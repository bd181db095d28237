/** Settings of a layer that are none of the dropouts inside it: those are layers of their own. */
import type { ConfigurationEntry, Layer } from './layers.js';

/** Of recurrent layers, in TensorFlow.js's spelling and in Keras's. */
const RECURRENT = ['dropout', 'recurrentDropout', 'recurrent_dropout'];
/** Of a dense layer whose weights are dropped; its activation shares its settings. */
const DROP_CONNECT = ['rate', 'maskPer'];

/** The class that a layer is of without the dropouts inside it. */
export const undroppedType = (type: string): string => (type === 'DropConnectDense' ? 'dense' : type);

/** Whether a setting of a layer of this type is one of a dropout inside it; `activation` inside another layer has that one's settings. */
export const isOfDropout = (type: string, name: string): boolean =>
  RECURRENT.includes(name) || (DROP_CONNECT.includes(name) && ['activation', 'dense'].includes(undroppedType(type)));

export const ownSettings = ({ type, configuration }: Layer): (readonly [string, ConfigurationEntry])[] =>
  [...(configuration?.entries ?? [])].filter(([name]) => !isOfDropout(type, name));
