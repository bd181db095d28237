import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ModelProtoSchema, type GraphProto, type ModelProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import type { EditableBody } from '../../../../src/formats/onnx/wire/editable-body.js';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { fieldBytes, textField, varintBytes } from '../../../../src/formats/onnx/wire/encode.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import { BufferSource } from '../../../../src/formats/onnx/wire/sources.js';

type ModelInit = MessageInitShape<typeof ModelProtoSchema>;

const tensorType = (elemType: number) => ({ value: { case: 'tensorType' as const, value: { elemType } } });

/** a → Relu → b → Dropout → c → If(then: reads b) → d, and a function. */
const MODEL: ModelInit = {
  irVersion: 8n,
  producerName: 'test',
  opsetImport: [{ domain: 'ai.onnx', version: 17n }],
  graph: {
    name: 'main',
    input: [{ name: 'a', type: tensorType(1) }],
    output: [{ name: 'd', type: tensorType(1), docString: 'the answer' }],
    initializer: [{ name: 'ratio', dataType: 1, floatData: [0.5] }, { name: 'other', dataType: 1, floatData: [0.1] }],
    valueInfo: [{ name: 'b', type: tensorType(1), docString: 'after Relu' }, { name: 'c', type: tensorType(10) }],
    quantizationAnnotation: [{ tensorName: 'c', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 's' }] }],
    node: [
      { opType: 'Relu', input: ['a'], output: ['b'], name: 'relu' },
      { opType: 'Dropout', input: ['b', 'ratio'], output: ['c', 'mask'], name: 'drop', attribute: [{ name: 'seed', type: 2, i: 3n, docString: 'a seed' }] },
      { opType: 'If', input: ['c'], output: ['d'], attribute: [{ name: 'then_branch', type: 5, g: { name: 'then', node: [{ opType: 'Identity', input: ['b'], output: ['e'] }], output: [{ name: 'e' }] } }] },
    ],
  },
  functions: [{ name: 'F', domain: 'local', input: ['x'], output: ['y', 'z'], opsetImport: [{ version: 17n }], node: [{ opType: 'Relu', input: ['x'], output: ['y'] }, { opType: 'Abs', input: ['x'], output: ['z'] }] }],
};

interface Session {
  readonly editor: ModelEditor;
  readonly main: EditableBody;
  readonly then: EditableBody;
  readonly fn: EditableBody;
}

const bytesOf = (init: ModelInit): Buffer => Buffer.from(toBinary(ModelProtoSchema, create(ModelProtoSchema, init)));

function open(bytes: Uint8Array): Session {
  const model = readModel('model.onnx', new BufferSource(bytes));
  const editor = new ModelEditor(model);
  return { editor, main: editor.body(model.graph), then: editor.body(model.graph.nodes[2]!.attributes[0]!.graphs[0]!), fn: editor.body(model.functions[0]!) };
}

function edited(change: (session: Session) => void, bytes: Uint8Array = bytesOf(MODEL)): ModelProto {
  const session = open(bytes);
  change(session);
  const after = session.editor.apply();
  const result = new Uint8Array(after.read(0, after.size));
  readModel('edited.onnx', new BufferSource(result));
  return fromBinary(ModelProtoSchema, result);
}

/** `bytes` as they are after the change, with what was replaced. */
function spliced(change: (session: Session) => void): { from: string; to: string }[] {
  const bytes = bytesOf(MODEL);
  const session = open(bytes);
  change(session);
  return session.editor.splices().map(({ start, end, replacement }) => ({ from: bytes.subarray(start, end).toString('latin1'), to: Buffer.from(replacement).toString('latin1') }));
}

const then = (graph: GraphProto): GraphProto => graph.node.find(({ opType }) => opType === 'If')!.attribute[0]!.g!;

describe('bytes that are replaced', () => {
  it.each<[string, (session: Session) => void, { from: string; to: string }[]]>([
    ['nothing', () => undefined, []],
    ['a name of the same length', ({ main }) => void (main.nodes[0]!.name = 'RELU'), [{ from: '\x04relu', to: '\x04RELU' }]],
    ['one input', ({ main }) => void (main.nodes[1]!.inputs[1] = 'other'), [{ from: '\x05ratio', to: '\x05other' }]],
    ['the number of an attribute alone', ({ main }) => main.nodes[1]!.setAttribute({ name: 'seed', i: 4 }), [{ from: '\x03', to: '\x04' }]],
    ['an attribute with its value', ({ main }) => main.nodes[1]!.setAttribute({ name: 'seed', i: 3 }), []],
    ['an attribute that is not there, removed', ({ main }) => main.nodes[1]!.removeAttribute('nothing'), []],
    ['an opset, by either name of the domain', ({ editor }) => editor.setOpset('', 18), [{ from: '\x11', to: '\x12' }]],
    ['an opset that it has', ({ editor }) => editor.setOpset('ai.onnx', 17), []],
    ['the opset of a function', ({ editor }) => editor.setOpset('', 18, editor.model.functions[0]), [{ from: '\x11', to: '\x12' }]],
    ['the IR version', ({ editor }) => editor.setIrVersion(10), [{ from: '\x08', to: '\x0a' }]],
    ['a node moved to and fro', ({ main }) => { main.moveTo(main.nodes[0]!, 'end'); main.moveTo(main.nodes[2]!, { before: main.nodes[0]! }); }, []],
    ['a node moved to where it stands', ({ main }) => main.moveTo(main.nodes[0]!, { before: main.nodes[1]! }), []],
    ['an output renamed to its name', ({ main }) => main.setOutputName(0, 'd'), []],
    ['a node inserted and removed', ({ main }) => main.remove(main.insert({ opType: 'Neg', inputs: ['a'], outputs: ['n'] }, 'end')), []],
    ['an initializer added and removed', ({ main }) => { main.addInitializer({ name: 'new', dataType: 1, dims: [], values: [1] }); main.removeInitializer('new'); }, []],
  ])('%s', (_, change, expected) => {
    expect(spliced(change)).toEqual(expected);
  });
});

describe('nodes', () => {
  const order = (model: ModelProto): string[] => model.graph!.node.map(({ opType }) => opType);

  it.each<[string, (session: Session) => void, string[]]>([
    ['inserted before the first', ({ main }) => void main.insert({ opType: 'Neg', inputs: [], outputs: [] }, { before: main.nodes[0]! }), ['Neg', 'Relu', 'Dropout', 'If']],
    ['inserted after the last', ({ main }) => void main.insert({ opType: 'Neg', inputs: [], outputs: [] }, { after: main.nodes[2]! }), ['Relu', 'Dropout', 'If', 'Neg']],
    ['inserted beside an inserted one', ({ main }) => {
      const neg = main.insert({ opType: 'Neg', inputs: [], outputs: [] }, { after: main.nodes[0]! });
      main.insert({ opType: 'Abs', inputs: [], outputs: [] }, { before: neg });
    }, ['Relu', 'Abs', 'Neg', 'Dropout', 'If']],
    ['removed, with one in its place', ({ main }) => {
      main.insert({ opType: 'Neg', inputs: [], outputs: [] }, { before: main.nodes[1]! });
      main.remove(main.nodes[2]!);
    }, ['Relu', 'Neg', 'If']],
    ['moved to the end', ({ main }) => main.moveTo(main.nodes[0]!, 'end'), ['Dropout', 'If', 'Relu']],
    ['moved to the front', ({ main }) => main.moveTo(main.nodes[2]!, { before: main.nodes[0]! }), ['If', 'Relu', 'Dropout']],
    ['all moved', ({ main }) => { const [relu, drop, branch] = main.nodes; main.moveTo(branch!, { before: relu! }); main.moveTo(drop!, { before: relu! }); main.moveTo(relu!, { before: drop! }); }, ['If', 'Relu', 'Dropout']],
    ['all removed, and a new one', ({ main }) => { for (const node of main.nodes) main.remove(node); main.insert({ opType: 'Neg', inputs: [], outputs: [] }, 'end'); }, ['Neg']],
    ['moved and removed', ({ main }) => { const node = main.nodes[0]!; main.moveTo(node, 'end'); main.remove(node); }, ['Dropout', 'If']],
  ])('%s', (_, change, expected) => {
    expect(order(edited(change))).toEqual(expected);
  });

  it('that are new say all of their specification', () => {
    const node = edited(({ main }) => {
      const inserted = main.insert(
        {
          opType: 'Scan', domain: 'local', name: 'n', inputs: ['a', ''], outputs: ['n1'], docString: 'doc', metadata: { key: 'value' },
          attributes: [
            { name: 'f', f: 0.5 }, { name: 'i', i: -(2 ** 53 - 1) }, { name: 's', s: 'ü' }, { name: 'ints', ints: [0, 128] }, { name: 'floats', floats: [1.5] }, { name: 'strings', strings: ['x', ''] },
            { name: 'tensor', tensor: { dataType: 10, dims: [2], values: [0.5, 1] } }, { name: 'ref', refersTo: 'rate', type: 1 }, { name: 'gone', i: 1 },
            { name: 'body', graph: { name: 'g', inputs: [{ name: 'p', elementType: 1, shape: [2, 'N', undefined] }], outputs: [{ name: 'q' }], initializers: [{ name: 'w', dataType: 9, dims: [], values: [1] }], nodes: [{ opType: 'Neg', inputs: ['p'], outputs: ['q'], metadata: { m: 'n' } }] } },
          ],
        },
        { before: main.nodes[1]! },
      );
      inserted.inputs[0] = 'b';
      inserted.outputs.push('n2');
      inserted.setAttribute({ name: 'f', f: 0.25 });
      inserted.removeAttribute('gone');
    }).graph!.node[1]!;
    expect(node).toMatchObject({
      opType: 'Scan', domain: 'local', name: 'n', input: ['b', ''], output: ['n1', 'n2'], docString: 'doc', metadataProps: [{ key: 'key', value: 'value' }],
      attribute: [
        { name: 'f', type: 1, f: 0.25 }, { name: 'i', type: 2, i: -(2n ** 53n - 1n) }, { name: 's', type: 3, s: new TextEncoder().encode('ü') }, { name: 'ints', type: 7, ints: [0n, 128n] }, { name: 'floats', type: 6, floats: [1.5] }, { name: 'strings', type: 8, strings: [new Uint8Array([120]), new Uint8Array(0)] },
        { name: 'tensor', type: 4, t: { dataType: 10, dims: [2n], rawData: new Uint8Array([0, 0x38, 0, 0x3c]) } }, { name: 'ref', type: 1, refAttrName: 'rate' },
        { name: 'body', type: 5, g: {
          name: 'g', output: [{ name: 'q' }], initializer: [{ name: 'w', dataType: 9, rawData: new Uint8Array([1]) }],
          input: [{ name: 'p', type: { value: { value: { elemType: 1, shape: { dim: [{ value: { value: 2n } }, { value: { value: 'N' } }, {}] } } } } }],
          node: [{ opType: 'Neg', metadataProps: [{ key: 'm', value: 'n' }] }],
        } },
      ],
    });
  });

  it('in a subgraph of a node that is moved go with it, and lengths follow', () => {
    const model = edited(({ main, then: branch }) => {
      branch.nodes[0]!.inputs = ['c'];
      branch.nodes[0]!.name = 'n'.repeat(300);
      branch.insert({ opType: 'Neg', inputs: ['e'], outputs: ['e2'] }, 'end');
      branch.setOutputName(0, 'e2');
      main.moveTo(main.nodes[2]!, { before: main.nodes[0]! });
    });
    expect(order(model)).toEqual(['If', 'Relu', 'Dropout']);
    expect(then(model.graph!)).toMatchObject({ node: [{ opType: 'Identity', input: ['c'], name: 'n'.repeat(300) }, { opType: 'Neg', input: ['e'] }], output: [{ name: 'e2' }] });
  });

  it('in a subgraph of a node that is removed go with it', () => {
    expect(order(edited(({ main, then: branch }) => { branch.nodes[0]!.name = 'x'; main.remove(main.nodes[2]!); }))).toEqual(['Relu', 'Dropout']);
  });

  it('of a function', () => {
    const [f] = edited(({ fn }) => {
      fn.moveTo(fn.nodes[1]!, { before: fn.nodes[0]! });
      fn.nodes[0]!.inputs = ['w'];
      fn.addFunctionInput('w');
      fn.addFunctionOutput('v');
      fn.setOutputName(1, 'zz');
      fn.addValueInfo('y', 1, []);
    }).functions;
    expect(f).toMatchObject({ node: [{ opType: 'Abs', input: ['w'] }, { opType: 'Relu' }], input: ['x', 'w'], output: ['y', 'zz', 'v'], valueInfo: [{ name: 'y' }] });
  });

  it('change operator and domain', () => {
    expect(edited(({ main }) => { main.nodes[0]!.opType = 'LeakyRelu'; main.nodes[0]!.domain = 'local'; }).graph!.node[0]).toMatchObject({ opType: 'LeakyRelu', domain: 'local', input: ['a'] });
  });

  it('lose and gain inputs and outputs', () => {
    const [relu, drop] = edited(({ main }) => { main.nodes[0]!.inputs = []; main.nodes[0]!.outputs.push('b2'); main.nodes[1]!.outputs.pop(); main.nodes[1]!.inputs.push('', 'mode'); }).graph!.node;
    expect([relu, drop]).toMatchObject([{ input: [], output: ['b', 'b2'] }, { input: ['b', 'ratio', '', 'mode'], output: ['c'] }]);
  });

  it('of another body, or removed, are refused', () => {
    const { main, then: branch, editor } = open(bytesOf(MODEL));
    const [relu, drop] = main.nodes;
    expect(() => branch.remove(relu!)).toThrow(RangeError);
    expect(() => branch.nodeOf(editor.model.graph.nodes[0]!)).toThrow(RangeError);
    expect(() => branch.moveTo(branch.nodes[0]!, { after: relu! })).toThrow(RangeError);
    main.remove(drop!);
    expect(() => main.remove(drop!)).toThrow(RangeError);
    expect(() => main.insert({ opType: 'Neg', inputs: [], outputs: [] }, { after: drop! })).toThrow(RangeError);
    expect(branch.nodes.length).toBe(1);
    expect(drop!.isPresent).toBe(false);
  });
});

describe('values', () => {
  const infos = (model: ModelProto): [string, string][] => model.graph!.valueInfo.map(({ name, docString }) => [name, docString]);

  it.each<[string, (session: Session) => void, [string, string][]]>([
    ['copied from a value_info', ({ main }) => void main.copyValueInfo('b', 'new'), [['b', 'after Relu'], ['c', ''], ['new', 'after Relu']]],
    ['copied from an output', ({ main }) => void main.copyValueInfo('d', 'new'), [['b', 'after Relu'], ['c', ''], ['new', 'the answer']]],
    ['copied from a copy', ({ main }) => { main.copyValueInfo('b', 'n1'); main.removeValueInfo('b'); main.copyValueInfo('n1', 'n2'); }, [['c', ''], ['n1', 'after Relu'], ['n2', 'after Relu']]],
    ['copied over another', ({ main }) => void main.copyValueInfo('b', 'c'), [['b', 'after Relu'], ['c', 'after Relu']]],
    ['added over another', ({ main }) => main.addValueInfo('b', 1, [1]), [['c', ''], ['b', '']]],
    ['removed', ({ main }) => void main.removeValueInfo('b'), [['c', '']]],
  ])('are %s', (_, change, expected) => {
    expect(infos(edited(change))).toEqual(expected);
  });

  it('say whether there was one', () => {
    const { main } = open(bytesOf(MODEL));
    expect([main.copyValueInfo('nothing', 'x'), main.removeValueInfo('nothing'), main.removeValueInfo('b'), main.removeValueInfo('b'), main.copyValueInfo('b', 'x'), main.removeValueInfo('d')]).toEqual([false, false, true, false, false, false]);
    expect([main.copyQuantizationAnnotation('b', 'x'), main.copyQuantizationAnnotation('c', 'x'), main.removeQuantizationAnnotation('x'), main.removeInitializer('ratio'), main.removeInitializer('ratio')]).toEqual([false, true, true, true, false]);
  });

  it('lose every value_info of a name that stands there twice', () => {
    const twice = structuredClone(MODEL) as { graph: { valueInfo: object[] } };
    twice.graph.valueInfo.push({ name: 'b', docString: 'again' });
    expect(infos(edited(({ main }) => void main.removeValueInfo('b'), bytesOf(twice as ModelInit)))).toEqual([['c', '']]);
  });

  it('keep unknown fields of what is copied', () => {
    const info = Buffer.concat([textField(1 << 3 | 2, 'b'), textField(99 << 3 | 2, 'unknown')]);
    const graph = fieldBytes(13 << 3 | 2, info);
    const bytes = Buffer.concat([varintBytes(1 << 3), varintBytes(8), fieldBytes(7 << 3 | 2, graph)]);
    const model = readModel('m', new BufferSource(bytes));
    const editor = new ModelEditor(model);
    editor.body(model.graph).copyValueInfo('b', 'a longer name');
    const after = editor.apply();
    const [, copy] = fromBinary(ModelProtoSchema, after.read(0, after.size)).graph!.valueInfo;
    expect(copy).toMatchObject({ name: 'a longer name', $unknown: [{ no: 99 }] });
  });

  it('take quantization annotations along', () => {
    const { quantizationAnnotation } = edited(({ main }) => { main.copyQuantizationAnnotation('c', 'new'); main.removeQuantizationAnnotation('c'); }).graph!;
    expect(quantizationAnnotation).toMatchObject([{ tensorName: 'new', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 's' }] }]);
  });

  it('come in and go as inputs, outputs and initializers', () => {
    const graph = edited(({ main }) => {
      main.addInput('mode', 9, []);
      main.addOutput('b', 1, ['N', 3]);
      main.removeInput('a');
      main.setOutputName(0, 'result');
      main.removeInitializer('ratio');
      main.addInitializer({ name: 'rate', dataType: 1, dims: [], values: [0.25] });
      main.addInitializer({ name: 'rate', dataType: 1, dims: [], values: [0.75] });
    }).graph!;
    expect(graph.input.map(({ name }) => name)).toEqual(['mode']);
    expect(graph.output).toMatchObject([{ name: 'result', docString: 'the answer' }, { name: 'b', type: { value: { value: { elemType: 1 } } } }]);
    expect(graph.initializer).toMatchObject([{ name: 'other' }, { name: 'rate', dims: [], rawData: new Uint8Array(new Float32Array([0.75]).buffer) }]);
  });

  it('are refused where they make no sense', () => {
    const { main, fn } = open(bytesOf(MODEL));
    expect(() => fn.addInitializer({ name: 'x', dataType: 1, dims: [], values: [1] })).toThrow(TypeError);
    expect(() => fn.addInput('x', 1, [])).toThrow(TypeError);
    expect(() => main.addFunctionInput('x')).toThrow(TypeError);
    expect(() => main.setOutputName(3, 'x')).toThrow(RangeError);
    expect(() => main.addInitializer({ name: 'x', dataType: 1, dims: [2], values: [1] })).toThrow(RangeError);
  });
});

describe('names', () => {
  it('that are fresh collide with nothing in the graph, its subgraphs and what was added', () => {
    const { main, then: branch, fn } = open(bytesOf(MODEL));
    main.insert({ opType: 'Neg', inputs: ['a'], outputs: ['new'], name: 'neg' }, 'end');
    main.addInitializer({ name: 'w', dataType: 1, dims: [], values: [1] });
    expect([main.freshName('free'), main.freshName('free'), branch.freshName('free'), fn.freshName('free')]).toEqual(['free', 'free_1', 'free_2', 'free']);
    expect(['e', 'b', 'mask', 'new', 'w', 'other', ''].map((stem) => main.freshName(stem))).toEqual(['e_1', 'b_1', 'mask_1', 'new_1', 'w_1', 'other_1', 'value']);
    expect(['relu', 'neg', 'free'].map((stem) => branch.freshNodeName(stem))).toEqual(['relu_1', 'neg_1', 'free']);
    expect(branch.names()).toBe(main.names());
    expect(fn.names().has('a')).toBe(false);
  });
});

describe('the model', () => {
  it('gains what it does not have', () => {
    const model = edited(({ editor }) => {
      editor.setOpset('com.microsoft', 1);
      editor.setMetadata('droplint.intent', 'mc-dropout');
      editor.addFunction({ domain: 'local', name: 'G', inputs: ['x'], outputs: ['y'], attributes: ['rate'], opsets: { '': 18, local: 1 }, docString: 'doc', nodes: [{ opType: 'Relu', inputs: ['x'], outputs: ['y'] }] });
    });
    expect(model.opsetImport).toMatchObject([{ domain: 'ai.onnx', version: 17n }, { domain: 'com.microsoft', version: 1n }]);
    expect(model.metadataProps).toMatchObject([{ key: 'droplint.intent', value: 'mc-dropout' }]);
    expect(model.functions[1]).toMatchObject({ domain: 'local', name: 'G', input: ['x'], output: ['y'], attribute: ['rate'], docString: 'doc', opsetImport: [{ domain: '', version: 18n }, { domain: 'local', version: 1n }], node: [{ opType: 'Relu' }] });
  });

  it('changes metadata in place', () => {
    const bytes = bytesOf({ ...MODEL, metadataProps: [{ key: 'a', value: '1' }, { key: 'b', value: '2' }] });
    expect(edited(({ editor }) => editor.setMetadata('a', 'changed'), bytes).metadataProps).toMatchObject([{ key: 'a', value: 'changed' }, { key: 'b', value: '2' }]);
  });

  it('whose graph comes in two pieces is edited in both', () => {
    const node = (opType: string): Uint8Array => fieldBytes(1 << 3 | 2, textField(4 << 3 | 2, opType));
    const piece = (...parts: Uint8Array[]): Uint8Array => fieldBytes(7 << 3 | 2, Buffer.concat(parts));
    const bytes = Buffer.concat([piece(node('A'), node('B')), varintBytes(1 << 3), varintBytes(8), piece(node('C'), node('D'))]);
    const model = readModel('m', new BufferSource(bytes));
    const editor = new ModelEditor(model);
    const body = editor.body(model.graph);
    const [a, b, , d] = body.nodes;
    body.moveTo(d!, { before: a! });
    body.moveTo(b!, 'end');
    b!.name = 'x'.repeat(200);
    body.addInitializer({ name: 'w', dataType: 1, dims: [], values: [1] });
    const after = editor.apply();
    const { graph } = fromBinary(ModelProtoSchema, after.read(0, after.size));
    expect(graph!.node.map(({ opType }) => opType)).toEqual(['D', 'A', 'C', 'B']);
    expect(graph!.initializer).toHaveLength(1);
  });

  it('with an empty graph takes its first node', () => {
    const bytes = Buffer.concat([varintBytes(7 << 3 | 2), varintBytes(0)]);
    const model = readModel('m', new BufferSource(bytes));
    const editor = new ModelEditor(model);
    editor.body(model.graph).insert({ opType: 'Relu', inputs: ['a'], outputs: ['b'] }, 'end');
    expect(readModel('m', editor.apply()).graph.nodes).toMatchObject([{ opType: 'Relu', inputs: ['a'], outputs: ['b'] }]);
  });

  it.each([0, 1, 100, 120, 125, 126, 127, 128, 16_370, 16_383, 16_384])('has right lengths around a name of %i bytes', (length) => {
    const model = edited(({ then: branch }) => void (branch.nodes[0]!.outputs[0] = 'n'.repeat(length)));
    expect(then(model.graph!).node[0]!.output[0]).toHaveLength(length);
  });
});
