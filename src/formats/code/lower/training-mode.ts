/** Changing what a call of `apply` says of training. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import type { Site } from '../lift/assemble.js';
import { unwrap } from '../syntax.js';
import { refuse } from './refusal.js';
import { propertyOf, replaceValue, valueOf } from './settings.js';

/** `apply(x, { training: true })` → `apply(x, { training: false })`; a call that says nothing is given the argument. */
export function trainingMode(site: Site | undefined, training: boolean, source: TS.SourceFile): readonly Splice<string>[] {
  const call = site?.call;
  if (!call) refuse('TensorFlow.js decides by the call (fit or predict) whether dropout is on');
  const { node } = call;
  if (node.getSourceFile() !== source) refuse('it is applied in another file');
  const [input, settings] = node.arguments;
  if (!input || node.arguments.some(ts.isSpreadElement)) refuse('the arguments of apply are not written where it is called');
  if (!settings) return [{ start: input.end, end: input.end, replacement: `, { training: ${training} }` }];
  const literal = unwrap(settings);
  const property = ts.isObjectLiteralExpression(literal) ? propertyOf(literal, 'training') : undefined;
  if (!property || !isLiteral(valueOf(property))) refuse('training is not written as true or false where it is applied');
  return replaceValue(property, String(training));
}

const isLiteral = (node: TS.Expression): boolean => node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword;
