/** Text in XML and HTML. */

/** Control characters that XML 1.0 does not allow, and halves of surrogate pairs. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' };

/** For attributes and for text. */
export const escapeMarkup = (text: string | number): string => String(text).replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** For attributes: line breaks stay line breaks. */
export const escapeAttribute = (text: string | number): string => escapeMarkup(text).replace(/[\n\r\t]/g, (character) => ENTITIES[character]!);

/** ` name="value"` for each that is defined. */
export function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}="${escapeAttribute(value!)}"`).join('');
}
