import type { Cursor } from './cursor.js';
import { FUNCTION } from './fields.js';
import { addValueInfo, readAttribute, readNode } from './read-graph.js';
import { foldDomain, readEntry, readOpset } from './read-values.js';
import type { AttributeRecord, FunctionRecord, NodeRecord, ValueInfoRecord } from './records.js';

/** Reads the model-local function that is the current field. */
export function readFunction(cursor: Cursor, index: number): FunctionRecord {
  const nodes: NodeRecord[] = [];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: string[] = [];
  const defaults = new Map<string, AttributeRecord>();
  const opsets = new Map<string, number>();
  const infos = { valueInfos: new Map<string, ValueInfoRecord>(), repeatedValueInfos: [] as ValueInfoRecord[] };
  const metadata = new Map<string, string>();
  let name = '';
  let domain = '';
  let overload = '';
  const span = cursor.open('functions', index);
  while (cursor.next()) {
    switch (cursor.key) {
      case FUNCTION.name:
        name = cursor.string();
        break;
      case FUNCTION.domain:
        domain = foldDomain(cursor.string());
        break;
      case FUNCTION.overload:
        overload = cursor.string();
        break;
      case FUNCTION.input:
        inputs.push(cursor.string());
        break;
      case FUNCTION.output:
        outputs.push(cursor.string());
        break;
      case FUNCTION.attribute:
        attributes.push(cursor.string());
        break;
      case FUNCTION.attributeProto: {
        const attribute = readAttribute(cursor, 'attribute_proto', defaults.size);
        defaults.set(attribute.name, attribute);
        break;
      }
      case FUNCTION.node:
        nodes.push(readNode(cursor, nodes.length));
        break;
      case FUNCTION.opsetImport:
        opsets.set(...readOpset(cursor));
        break;
      case FUNCTION.valueInfo:
        addValueInfo(cursor, infos);
        break;
      case FUNCTION.metadataProps:
        metadata.set(...readEntry(cursor, 'metadata_props'));
        break;
      default:
        cursor.skip(FUNCTION);
    }
  }
  cursor.close();
  return { kind: 'function', span, name, domain, overload, nodes, inputs, outputs, attributes, defaults, opsets, metadata, ...infos };
}
