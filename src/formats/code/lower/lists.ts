/** Moving, removing and inserting statements and array elements, as plain text. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import { eolOf, indentation, isBlank, lineEnd, lineStart, listOf, nextLine, ownedBy } from './owned.js';
import type { Owned, Range } from './owned.js';
import { refuse } from './refusal.js';
import { afterComma } from './settings.js';

type Splices = Splice<string>[];
const slice = (text: string, { start, end }: Range): string => text.slice(start, end);

/**
 * Gives the members between two places of a list new contents, `order[k]` for place k, each with its own comments.
 * Separators, indentation and blank lines stay.
 */
export function permute(text: string, nodes: readonly TS.Node[], order: readonly number[], content: (owned: Owned) => string = (owned) => slice(text, owned.body)): Splices {
  const owned = nodes.map((node) => ownedBy(node, text));
  if (owned.slice(1).some(({ heading }) => heading)) refuse('a comment between blank lines stands in between, and nobody knows what it heads');
  owned.forEach((place, index) => {
    const coming = owned[order[index]];
    if (coming.body.start < coming.nodeStart && !place.startsLine) refuse('a comment above the layer would end up in the middle of a line');
  });
  const tails = owned.every(({ endsLine }) => endsLine);
  return owned.flatMap((place, index): Splices => {
    const coming = owned[order[index]];
    const splices: Splices = [];
    const body = content(coming);
    if (body !== slice(text, place.body)) splices.push({ ...place.body, replacement: body });
    if (tails && slice(text, coming.tail) !== slice(text, place.tail)) splices.push({ ...place.tail, replacement: slice(text, coming.tail) });
    return splices;
  });
}

/** A part of the text with edits made in it. */
export function edited(text: string, range: Range, edits: readonly Splice<string>[]): string {
  let result = '';
  let done = range.start;
  for (const { start, end, replacement } of edits.filter((edit) => edit.start >= range.start && edit.end <= range.end).sort((a, b) => a.start - b.start)) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return result + text.slice(done, range.end);
}

/** The members of a list from one index to the other, both included. */
export const between = <T>(list: readonly T[], from: number, to: number): readonly T[] => list.slice(Math.min(from, to), Math.max(from, to) + 1);

/** The order of a sublist after its member at `from` went to `to`. */
export function moved(length: number, from: number, to: number): number[] {
  const order = Array.from({ length }, (_, index) => index).filter((index) => index !== from);
  order.splice(to, 0, from);
  return order;
}

/** Moves a member right behind or in front of another of its list. `isPlacement` says what it may jump over. */
export function moveInList(text: string, unit: TS.Node, target: TS.Node, where: 'after' | 'before', isPlacement: (node: TS.Node) => boolean): Splices {
  const list = listOf(unit);
  if (!list || list !== listOf(target)) refuse('the layers do not stand in the same list');
  const [from, at] = [list.indexOf(unit), list.indexOf(target)];
  const to = where === 'after' ? (from < at ? at : at + 1) : from < at ? at - 1 : at;
  if (from === to) refuse('it stands there already');
  const nodes = between(list, from, to);
  if (!nodes.every((node) => node === unit || isPlacement(node))) refuse('other statements stand in between');
  const base = Math.min(from, to);
  return permute(text, nodes, moved(nodes.length, from - base, to - base));
}

/** Takes a member out of its list, with its line when nothing else stands on it. */
export function removeFromList(text: string, unit: TS.Node): Splices {
  const list = listOf(unit);
  if (!list) refuse('the layer does not stand in a list of statements or elements');
  const owned = ownedBy(unit, text);
  if (owned.startsLine && owned.endsLine) {
    const lines = { start: lineStart(text, owned.body.start), end: nextLine(text, owned.tail.end), replacement: '' };
    return ts.isStatement(unit) || owned.separator.end > owned.separator.start ? [lines] : [...previousComma(text, list, unit), lines];
  }
  if (!ts.isStatement(unit) && owned.separator.end === owned.separator.start) {
    const before = list[list.indexOf(unit) - 1];
    return [{ start: before ? before.end : owned.body.start, end: owned.body.end, replacement: '' }];
  }
  const rest = /^[ \t]*/.exec(text.slice(owned.separator.end))?.[0].length ?? 0;
  const atEnd = isBlank(text.slice(owned.separator.end, lineEnd(text, owned.separator.end)));
  const start = atEnd ? text.slice(0, owned.body.start).replace(/[ \t]+$/, '').length : owned.body.start;
  return [{ start, end: owned.separator.end + (atEnd ? 0 : rest), replacement: '' }];
}

/** The last element of a list without a trailing comma takes the comma before it along. */
function previousComma(text: string, list: readonly TS.Node[], unit: TS.Node): Splices {
  const before = list[list.indexOf(unit) - 1];
  if (!before) return [];
  const { separator } = ownedBy(before, text);
  return separator.end > separator.start ? [{ ...separator, replacement: '' }] : [];
}

/** Puts `content` (without separator) before or behind a member, on a line of its own when the member has one. */
export function insertIntoList(text: string, target: TS.Node, where: 'after' | 'before', content: string): Splices {
  const list = listOf(target);
  if (!list) refuse('the layer does not stand in a list of statements or elements');
  const owned = ownedBy(target, text);
  const eol = eolOf(text);
  const isStatement = ts.isStatement(target);
  const separator = slice(text, owned.separator);
  const ownLine = owned.startsLine && owned.endsLine && (isStatement || list.length === 1 || spansLines(text, list));
  const indent = indentation(text, owned.body.start);
  const space = isStatement || spaced(text, list) ? ' ' : '';
  if (where === 'before') {
    const piece = `${content}${isStatement ? separator || (ownLine ? '' : ';') : ','}`;
    return [{ start: owned.body.start, end: owned.body.start, replacement: ownLine ? `${piece}${eol}${indent}` : `${piece}${space}` }];
  }
  if (ownLine) {
    const line = `${eol}${indent}${content}${separator}`;
    return !isStatement && separator === '' ? afterComma(owned, line) : [{ start: owned.tail.end, end: owned.tail.end, replacement: line }];
  }
  if (isStatement) return [{ start: owned.separator.end, end: owned.separator.end, replacement: `${separator ? '' : ';'} ${content}${separator}` }];
  return [{ start: owned.body.end, end: owned.body.end, replacement: `,${space}${content}` }];
}

/** There is white space behind the commas of a list. */
const spaced = (text: string, list: readonly TS.Node[]): boolean => list.length < 2 || /\s/.test(text[list[1].getStart() - 1]);

/** The elements of a list stand on lines of their own. */
function spansLines(text: string, list: readonly TS.Node[]): boolean {
  return list.some((node, index) => index > 0 && /[\r\n]/.test(text.slice(list[index - 1].end, node.getStart())));
}
