/** What differs between a node of the file and its overlay, as patches that touch nothing else of it. */
import { attributeBytes, fieldBytes, floatValue, textField, textValue, varintValue } from './encode.js';
import type { EditableNode } from './editable-node.js';
import { fieldPlaces, type FieldPlace } from './field-places.js';
import { ATTRIBUTE, ATTRIBUTE_TYPE, NODE } from './fields.js';
import { patchText } from './named-messages.js';
import type { Patches } from './patches.js';
import type { AttributeRecord, NodeRecord, Span } from './records.js';
import type { AttributeSpec } from './specs.js';

export function collectNodePatches(node: EditableNode, record: NodeRecord, patches: Patches): void {
  const { span } = record;
  const places = fieldPlaces(patches.file, patches.source, span);
  const outputsEnd = places.findLast(({ key }) => key === NODE.output)?.end;
  const inputsEnd = places.findLast(({ key }) => key === NODE.input)?.end;
  patchTexts(patches, span, places, NODE.input, record.inputs, node.inputs, inputsEnd ?? span.start);
  patchTexts(patches, span, places, NODE.output, record.outputs, node.outputs, outputsEnd ?? inputsEnd ?? span.start);
  if (node.name !== record.name) patchText(patches, span, places, NODE.name, node.name);
  if (node.opType !== record.opType) patchText(patches, span, places, NODE.opType, node.opType);
  if (node.domain !== record.domain) patchText(patches, span, places, NODE.domain, node.domain);
  for (const [name, spec] of node.attributeEdits ?? []) patchAttribute(patches, record, name, spec);
}

/** Changes a repeated text field item by item; further items go to `end`. */
export function patchTexts(
  patches: Patches,
  message: Span,
  places: readonly FieldPlace[],
  key: number,
  before: readonly string[],
  after: readonly string[],
  end: number,
): void {
  const items = places.filter((place) => place.key === key);
  for (const [index, place] of items.entries()) {
    const text = after[index];
    if (text === undefined) patches.replace(message, place.tag, place.end, new Uint8Array(0));
    else if (text !== before[index]) patches.replace(message, place.value, place.end, textValue(text));
  }
  for (const text of after.slice(items.length)) patches.insert(message, end, textField(key, text));
}

function patchAttribute(patches: Patches, node: NodeRecord, name: string, spec: AttributeSpec | undefined): void {
  const [current, ...repeated] = node.attributes.filter((attribute) => attribute.name === name);
  for (const attribute of repeated) patches.replaceMessage(attribute.span);
  if (!spec) {
    if (current) patches.replaceMessage(current.span);
    return;
  }
  if (current && (hasValue(current, spec) || patchScalar(patches, current, spec))) return;
  const bytes = fieldBytes(NODE.attribute, attributeBytes(spec));
  if (current) patches.replaceMessage(current.span, bytes);
  else patches.insert(node.span, node.span.end, bytes);
}

/** Exchanges the number or text alone, when the attribute has one of the same type. */
function patchScalar(patches: Patches, current: AttributeRecord, spec: AttributeSpec): boolean {
  if (current.refersTo !== '') return false;
  const exchange = (key: number, value: Uint8Array): boolean => {
    const place = fieldPlaces(patches.file, patches.source, current.span).findLast((candidate) => candidate.key === key);
    if (place) patches.replace(current.span, place.value, place.end, value);
    return place !== undefined;
  };
  if ('f' in spec && current.type === ATTRIBUTE_TYPE.float) return exchange(ATTRIBUTE.f, floatValue(spec.f));
  if ('i' in spec && current.type === ATTRIBUTE_TYPE.int) return exchange(ATTRIBUTE.i, varintValue(spec.i));
  if ('s' in spec && current.type === ATTRIBUTE_TYPE.string) return exchange(ATTRIBUTE.s, textValue(spec.s));
  return false;
}

function hasValue(current: AttributeRecord, spec: AttributeSpec): boolean {
  if ('refersTo' in spec) return current.refersTo === spec.refersTo && current.type === spec.type;
  if (current.refersTo !== '') return false;
  if ('f' in spec) return current.type === ATTRIBUTE_TYPE.float && Object.is(current.f, Math.fround(spec.f));
  if ('i' in spec) return current.type === ATTRIBUTE_TYPE.int && current.i === spec.i;
  if ('s' in spec) return current.type === ATTRIBUTE_TYPE.string && current.s === spec.s;
  if ('ints' in spec) return current.type === ATTRIBUTE_TYPE.ints && sameItems(current.ints, spec.ints);
  if ('floats' in spec) return current.type === ATTRIBUTE_TYPE.floats && sameItems(current.floats, spec.floats.map(Math.fround));
  if ('strings' in spec) return current.type === ATTRIBUTE_TYPE.strings && sameItems(current.strings, spec.strings);
  return false;
}

function sameItems<T>(a: readonly T[] | undefined, b: readonly T[]): boolean {
  return a?.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}
