/**
 * Every idiom in which people write models (tensorflowjs.md, §2), with dropout before the activation (faulty) and behind
 * it (clean). What is read must be the chain; moving the dropout in the faulty text must give the clean text exactly.
 */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import { move } from '../../../src/graph/edits.js';
import { afterEdits, graphTexts, pick } from '../../support/graph-text.js';

interface Idiom {
  readonly name: string;
  readonly file?: string;
  readonly faulty: string;
  readonly clean: string;
}

const DROP = 'tf.layers.dropout({ rate: 0.5 })';
const RELU = 'tf.layers.reLU()';

/** An idiom with two places, in which the two layers change places. */
const swapped = (name: string, write: (first: string, second: string) => string, file = 'model.js', drop = DROP, relu = RELU): Idiom =>
  ({ name, file, faulty: write(drop, relu), clean: write(relu, drop) });

const IDIOMS: readonly Idiom[] = [
  swapped('model.add on a local', (a, b) => `
const model = tf.sequential();
model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
model.add(${a});
model.add(${b});
model.add(tf.layers.dense({ units: 1 }));
`),
  swapped('model.add in a function, without semicolons, with tabs and CRLF', (a, b) => [
    'export function build() {', '\tconst model = tf.sequential()', '\tmodel.add(tf.layers.dense({units: 4, inputShape: [3]}))', `\tmodel.add(${a})`, `\tmodel.add(${b})`, '\tmodel.add(tf.layers.dense({units: 1}))', '\treturn model', '}',
  ].join('\r\n')),
  swapped('this.model.add', (a, b) => `
class Net {
  constructor() {
    this.model = tf.sequential();
    this.model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
    this.model.add(${a});
    this.model.add(${b});
    this.model.add(tf.layers.dense({ units: 1 }));
  }
}
`),
  swapped('this.model made in the constructor and filled in a method', (a, b) => `
import * as tf from '@tensorflow/tfjs';
export class Net {
  private model: tf.Sequential;
  constructor() { this.model = tf.sequential(); }
  async init(): Promise<void> {
    this.model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
    this.model.add(${a});
    this.model.add(${b});
    this.model.add(tf.layers.dense({ units: 1 }));
    this.model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  }
}
`, 'net.ts'),
  swapped('m = this.model = …', (a, b) => `
class Net {
  build() {
    const m = this.model = tf.sequential();
    m.add(tf.layers.dense({ units: 4, inputShape: [3] }));
    m.add(${a});
    m.add(${b});
    m.add(tf.layers.dense({ units: 1 }));
  }
}
`),
  swapped('sequential({ layers: […] })', (a, b) => `
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 4, inputShape: [3] }),
    ${a},
    ${b},
    tf.layers.dense({ units: 1 }),
  ],
});
`),
  swapped('an array on one line', (a, b) => `const m = tf.sequential({layers: [tf.layers.dense({units: 4, inputShape: [3]}), ${a}, ${b}, tf.layers.dense({units: 1})]});`),
  swapped('layers.push, then sequential({ layers })', (a, b) => `
function build() {
  const layers = [];
  layers.push(tf.layers.dense({ units: 4, inputShape: [3] }));
  layers.push(${a});
  layers.push(${b});
  layers.push(tf.layers.dense({ units: 1 }));
  return tf.sequential({ layers });
}
`),
  swapped('several layers in one push', (a, b) => `
const layers = [];
layers.push(tf.layers.dense({ units: 4, inputShape: [3] }), ${a}, ${b});
layers.push(tf.layers.dense({ units: 1 }));
const model = tf.sequential({ layers });
`),
  swapped('an array that is spread', (a, b) => `
const block = [${a}, ${b}];
const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), ...block, tf.layers.dense({ units: 1 })] });
`),
  swapped('an array whose layers are added in a loop', (a, b) => `
const model = tf.sequential();
const stack = [tf.layers.dense({ units: 4, inputShape: [3] }), ${a}, ${b}, tf.layers.dense({ units: 1 })];
for (const layer of stack) model.add(layer);
`),
  swapped('forEach over an array of layers', (a, b) => `
const model = tf.sequential();
[tf.layers.dense({ units: 4, inputShape: [3] }), ${a}, ${b}, tf.layers.dense({ units: 1 })].forEach((layer) => model.add(layer));
`),
  {
    name: 'functional, constants',
    faulty: `
const input = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(input);
const d = tf.layers.dropout({ rate: 0.5 }).apply(h);
const a = tf.layers.reLU().apply(d);
const out = tf.layers.dense({ units: 1 }).apply(a);
const model = tf.model({ inputs: input, outputs: out });
`,
    clean: `
const input = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(input);
const a = tf.layers.reLU().apply(h);
const d = tf.layers.dropout({ rate: 0.5 }).apply(a);
const out = tf.layers.dense({ units: 1 }).apply(d);
const model = tf.model({ inputs: input, outputs: out });
`,
  },
  swapped('functional, a reassigned variable', (a, b) => `
export function build() {
  const input = tf.input({ shape: [3] });
  let x = tf.layers.dense({ units: 4 }).apply(input) as tf.SymbolicTensor;
  x = ${a}.apply(x) as tf.SymbolicTensor;
  x = ${b}.apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: tf.layers.dense({ units: 1 }).apply(x) as tf.SymbolicTensor });
}
`, 'build.ts'),
  swapped('functional, nested', (a, b) => `
const input = tf.input({ shape: [3] });
const out = tf.layers.dense({ units: 1 }).apply(${b}.apply(${a}.apply(tf.layers.dense({ units: 4 }).apply(input))));
const model = tf.model({ inputs: [input], outputs: [out] });
`),
  swapped('layers in variables', (a, b) => `
const dense = tf.layers.dense({ units: 4, inputShape: [3] });
const drop = tf.layers.dropout({ rate: 0.5 });
const relu = tf.layers.reLU();
const model = tf.sequential();
model.add(dense);
model.add(${a});
model.add(${b});
model.add(tf.layers.dense({ units: 1 }));
`, 'model.js', 'drop', 'relu'),
  swapped('a helper that adds', (a, b) => `
function addHead(model) {
  model.add(${a});
  model.add(${b});
}
function build() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
  addHead(model);
  model.add(tf.layers.dense({ units: 1 }));
  return model;
}
`),
  swapped('a closure that adds', (a, b) => `
const build = () => {
  const model = tf.sequential();
  const add = (layer) => model.add(layer);
  add(tf.layers.dense({ units: 4, inputShape: [3] }));
  const rest = () => {
    model.add(${a});
    model.add(${b});
  };
  rest();
  add(tf.layers.dense({ units: 1 }));
  return model;
};
`),
  swapped('a method that adds', (a, b) => `
class Net {
  build() {
    this.model = tf.sequential();
    this.model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
    this.addHead();
    this.model.add(tf.layers.dense({ units: 1 }));
    return this.model;
  }
  addHead() {
    this.model.add(${a});
    this.model.add(${b});
  }
}
`),
  swapped('destructured factories', (a, b) => `
const { dense, dropout, reLU } = tf.layers;
const model = tf.sequential({ layers: [dense({ units: 4, inputShape: [3] }), ${a}, ${b}, dense({ units: 1 })] });
`, 'model.js', 'dropout({ rate: 0.5 })', 'reLU()'),
  swapped('named imports', (a, b) => `
import { layers, sequential } from '@tensorflow/tfjs';
const model = sequential();
model.add(layers.dense({ units: 4, inputShape: [3] }));
model.add(${a});
model.add(${b});
model.add(layers.dense({ units: 1 }));
`, 'model.mjs', 'layers.dropout({ rate: 0.5 })', 'layers.reLU()'),
  swapped('an alias of layers', (a, b) => `
const tfn = require('@tensorflow/tfjs-node');
const L = tfn.layers;
const model = tfn.sequential();
model.add(L.dense({ units: 4, inputShape: [3] }));
model.add(${a});
model.add(${b});
model.add(L.dense({ units: 1 }));
`, 'model.cjs', 'L.dropout({ rate: 0.5 })', 'L.reLU()'),
  swapped('a default import, a namespace by another name', (a, b) => `
import tfl from '@tensorflow/tfjs-layers';
const model = tfl.sequential();
model.add(tfl.layers.dense({ units: 4, inputShape: [3] }));
model.add(${a});
model.add(${b});
model.add(tfl.layers.dense({ units: 1 }));
`, 'model.js', 'tfl.layers.dropout({ rate: 0.5 })', 'tfl.layers.reLU()'),
  swapped('a dynamic import', (a, b) => `
export async function build() {
  const t = await import('@tensorflow/tfjs');
  const model = t.sequential();
  model.add(t.layers.dense({ units: 4, inputShape: [3] }));
  model.add(${a});
  model.add(${b});
  model.add(t.layers.dense({ units: 1 }));
  return model;
}
`, 'model.js', 't.layers.dropout({ rate: 0.5 })', 't.layers.reLU()'),
  swapped('tf as a parameter', (a, b) => `
export const build = (tf) => {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
  model.add(${a});
  model.add(${b});
  model.add(tf.layers.dense({ units: 1 }));
  return model;
};
`),
  swapped('this.tf', (a, b) => `
class Net {
  build() {
    const model = this.tf.sequential();
    model.add(this.tf.layers.dense({ units: 4, inputShape: [3] }));
    model.add(${a});
    model.add(${b});
    model.add(this.tf.layers.dense({ units: 1 }));
    return model;
  }
}
`, 'model.js', 'this.tf.layers.dropout({ rate: 0.5 })', 'this.tf.layers.reLU()'),
  swapped("brackets: tf['layers']", (a, b) => `
const model = tf.sequential();
model.add(tf['layers'].dense({ units: 4, inputShape: [3] }));
model.add(${a});
model.add(${b});
model.add(tf.layers['dense']({ units: 1 }));
`),
  swapped('a module-level variable that a function fills', (a, b) => `
let model;
function create() {
  model = tf.sequential();
  model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
  model.add(${a});
  model.add(${b});
  model.add(tf.layers.dense({ units: 1 }));
}
async function train(xs, ys) {
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  await model.fit(xs, ys);
}
`),
  swapped('a React hook', (a, b) => `
export function App() {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const run = async () => {
      const model = tf.sequential();
      model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
      model.add(${a});
      model.add(${b});
      model.add(tf.layers.dense({ units: 1 }));
      setReady(true);
    };
    run();
  }, []);
  return <p>{ready ? 'ready' : 'loading'}</p>;
}
`, 'app.jsx'),
  swapped('an event handler in JSX', (a, b) => `
export const Button = () => (
  <button onClick={() => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
    model.add(${a});
    model.add(${b});
    model.add(tf.layers.dense({ units: 1 }));
  }}>train</button>
);
`, 'button.tsx'),
  swapped('an inline script in HTML', (a, b) => `<!doctype html>
<html>
  <head><script src="tf.min.js"></script></head>
  <body>
    <!-- <script>tf.sequential().add(tf.layers.dropout(0.1))</script> -->
    <p>tf.layers &amp; friends: don't parse this</p>
    <script type="module">
      const model = tf.sequential();
      model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
      model.add(${a});
      model.add(${b});
      model.add(tf.layers.dense({ units: 1 }));
    </script>
  </body>
</html>
`, 'index.html'),
  swapped('a Vue component', (a, b) => `<template><p>{{ tf }}</p></template>
<script lang="ts">
export default {
  methods: {
    build(): tf.Sequential {
      const model = tf.sequential();
      model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
      model.add(${a});
      model.add(${b});
      model.add(tf.layers.dense({ units: 1 }));
      return model;
    },
  },
};
</script>
`, 'app.vue'),
  swapped('tidy and awaited casts', (a, b) => `
const model = tf.tidy(() => {
  const m = tf.sequential() as tf.Sequential;
  m!.add(tf.layers.dense({ units: 4, inputShape: [3] }));
  (m as tf.Sequential).add(${a});
  (m as tf.Sequential).add(${b});
  m.add(tf.layers.dense({ units: 1 }));
  return m;
});
`, 'model.ts'),
  swapped('branches that add nothing of interest', (a, b) => `
export function build(options) {
  const model = tf.sequential();
  if (options.verbose) console.log('building');
  model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
  model.add(${a});
  model.add(${b});
  model.add(tf.layers.dense({ units: 1 }));
  for (const line of options.lines) console.log(line);
  return model;
}
`),
];

describe.each(IDIOMS)('$name', ({ file = 'model.js', faulty, clean }) => {
  it('reads the faulty form', () => expect(graphTexts(readCode(file, faulty))).toEqual(['model: dense → dropout 0.5 → relu → dense']));
  it('reads the clean form', () => expect(graphTexts(readCode(file, clean))).toEqual(['model: dense → relu → dropout 0.5 → dense']));
  it('moves the dropout: the faulty text becomes the clean one', () => {
    const document = readCode(file, faulty);
    expect(afterEdits(document, [move(pick(document, 'dropout')).after(pick(document, 'relu'))])).toBe(clean);
  });
  it('moves it back', () => {
    const document = readCode(file, clean);
    expect(afterEdits(document, [move(pick(document, 'dropout')).before(pick(document, 'relu'))])).toBe(faulty);
  });
});
