/** Writes a template of src/variants: as plain operators, as a function, or as the call of one. */
import { FUNCTION_DOMAIN } from '../../../variants/templates.js';
import { isConstantNode } from '../../../variants/template.js';
import type { Template, TemplateNode } from '../../../variants/template.js';
import { INT64 } from '../data-types.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec, FunctionSpec, NodeSpec } from '../wire/specs.js';
import type { Rewiring } from './rewiring.js';

/** What a template's free names stand for in the graph. */
export interface Operands {
  readonly input: string;
  readonly parameter: string;
  readonly trainingMode: string;
  readonly output: string;
}

function attributesOf(node: TemplateNode, dataType: number): AttributeSpec[] {
  if (isConstantNode(node)) {
    const isList = typeof node.value !== 'number';
    return [{ name: 'value', tensor: { dataType: node.type === 'int64' ? INT64 : dataType, dims: isList ? [node.value.length] : [], values: isList ? node.value : [node.value] } }];
  }
  return [
    ...Object.entries(node.floats ?? {}).map(([name, f]) => ({ name, f })),
    ...Object.entries(node.ints ?? {}).map(([name, i]) => ({ name, i })),
    ...(node.fill === undefined ? [] : [{ name: 'value', tensor: { dataType, dims: [1], values: [node.fill] } }]),
  ];
}

const specOf = (node: TemplateNode, dataType: number, rename: (name: string) => string): NodeSpec => ({
  opType: node.opType,
  inputs: isConstantNode(node) ? [] : node.inputs.map(rename),
  outputs: node.outputs.map(rename),
  attributes: attributesOf(node, dataType),
});

/** `label` is the name of the node that gives the result; the others' names begin with it. */
export function insertTemplate(rewiring: Rewiring, template: Template, dataType: number, operands: Operands, label: string, place: { readonly before: EditableNode }): void {
  const names = new Map([['x', operands.input], [template.parameter.name, operands.parameter], ['training_mode', operands.trainingMode], ['y', operands.output]]);
  const rename = (name: string): string => {
    let known = names.get(name);
    if (known === undefined) names.set(name, (known = rewiring.freshName(`${label}_${name}`)));
    return known;
  };
  for (const node of template.nodes) {
    const isLast = node.outputs[0] === 'y';
    rewiring.insert({ ...specOf(node, dataType, rename), name: isLast ? label : rewiring.edit.freshNodeName(`${label}/${node.outputs.at(-1)}`) }, place);
  }
}

export function insertCall(rewiring: Rewiring, opType: string, { input, parameter, trainingMode, output }: Operands, label: string, place: { readonly before: EditableNode }): void {
  rewiring.insert({ opType, domain: FUNCTION_DOMAIN, name: label, inputs: [input, parameter, trainingMode], outputs: [output] }, place);
}

/** Its inputs are what is dropped, the parameter and the mode; its output is the result. */
export const functionOf = (template: Template, name: string, dataType: number, opset: number): FunctionSpec => ({
  domain: FUNCTION_DOMAIN,
  name,
  inputs: ['x', template.parameter.name, 'training_mode'],
  outputs: ['y'],
  opsets: { '': opset },
  nodes: template.nodes.map((node) => specOf(node, dataType, (each) => each)),
  docString: template.statement,
});
