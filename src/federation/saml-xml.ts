import { DOMParser } from '@xmldom/xmldom';
import type { SamlReason } from './saml-reasons.ts';

/** Namespaces of the documents that are read and written here. */
export const ns = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  encryption: 'http://www.w3.org/2001/04/xmlenc#',
  encryption11: 'http://www.w3.org/2009/xmlenc11#',
  xmlns: 'http://www.w3.org/2000/xmlns/',
} as const;

/** A document that is not read; `reason` says why, and nothing of the document is in it. */
export class Unreadable extends Error {
  readonly reason: SamlReason;

  constructor(reason: SamlReason, cause?: unknown) {
    super(`the XML is refused: ${reason}`, { cause });
    this.name = 'Unreadable';
    this.reason = reason;
  }
}

const mostDepth = 50;
const mostTags = 20_000;
const idNames = new Set(['id', 'assertionid', 'requestid', 'responseid']);

const markup: [start: string, reason: SamlReason][] = [
  ['<!--', 'comment'],
  ['<![CDATA[', 'cdata'],
  ['<!', 'doctype'],
  ['<?', 'processing_instruction'],
];

/** Where a tag ends; quoted values may hold `>`. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at;
  }
  throw new Unreadable('not_xml');
}

/** Looks at the tags before a parser does: nothing but elements, few enough, and not deep. Takes linear time. */
function scan(text: string, comments: boolean): void {
  let depth = 0;
  let tags = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const special = markup.find(([start]) => text.startsWith(start, at));
    if (special?.[1] === 'comment' && comments) {
      at = text.indexOf('-->', at + 4);
      if (at < 0) throw new Unreadable('not_xml');
      continue;
    }
    if (special) throw new Unreadable(special[1]);
    const end = tagEnd(text, at + 1);
    tags += 1;
    if (text.charAt(at + 1) === '/') depth -= 1;
    else if (text.charAt(end - 1) !== '/') depth += 1;
    if (depth > mostDepth) throw new Unreadable('too_deep');
    if (tags > mostTags) throw new Unreadable('too_many_elements');
    at = end;
  }
}

const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:/;

/** IDs are unique whatever they are called, and every namespace is an absolute URI (or none). */
function checkNames(root: Element): void {
  const ids = new Set<string>();
  for (const element of within(root)) {
    for (const { namespaceURI, localName, name, value } of Array.from(element.attributes)) {
      const declares = namespaceURI === ns.xmlns || name === 'xmlns' || name.startsWith('xmlns:');
      if (declares && (/^xmlns:xml(ns)?$/.test(name) || (value !== '' && !absolute.test(value))))
        throw new Unreadable('relative_namespace');
      if (declares || !idNames.has((localName ?? name).toLowerCase())) continue;
      if (ids.has(value)) throw new Unreadable('duplicate_id');
      ids.add(value);
    }
  }
}

/**
 * The root element of a document without DOCTYPE, CDATA, processing instructions and comments (`comments` lets them pass,
 * for files that people write), with unique IDs, and within bounds. Throws `Unreadable`.
 */
export function parse(xml: string, { comments = false } = {}): Element {
  const text = xml.replace(/^\uFEFF?\s*<\?xml\s[^<>]*\?>/, (declaration) => {
    const encoding = /encoding\s*=\s*["']([^"']*)["']/.exec(declaration)?.[1];
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') throw new Unreadable('not_utf8');
    return '';
  });
  scan(text, comments);
  const fatal = (what: unknown) => {
    throw new Unreadable('not_xml', what);
  };
  let root: Element | null;
  try {
    const parser = new DOMParser({ locator: {}, errorHandler: { warning: fatal, error: fatal, fatalError: fatal } });
    root = parser.parseFromString(text.trim(), 'text/xml').documentElement;
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable('not_xml', error);
  }
  if (!root) throw new Unreadable('not_xml');
  checkNames(root);
  return root;
}

/** The element and all below it, level by level. The library's lists are live, and slow for it. */
export function within(root: Element): Element[] {
  const found = [root];
  for (const element of found) found.push(...children(element));
  return found;
}

/** Whether it is this element of this namespace. */
export const named = (element: Element, space: string, name: string): boolean =>
  element.namespaceURI === space && element.localName === name;

/** The elements right below, all of them or those of one name. */
export function children(of: Element, space?: string, name?: string): Element[] {
  const found: Element[] = [];
  for (let node = of.firstChild; node; node = node.nextSibling) {
    if (node.nodeType !== 1) continue;
    const child = node as Element;
    if (space === undefined || name === undefined || named(child, space, name)) found.push(child);
  }
  return found;
}

/** The one element of this name right below; undefined when there is none or more than one. */
export function only(of: Element, space: string, name: string): Element | undefined {
  const found = children(of, space, name);
  return found.length === 1 ? found[0] : undefined;
}

/** The whole text of an element, without the space around it. */
export const textOf = (element: Element | undefined): string | undefined => element?.textContent?.trim();

/** The value of an attribute; undefined when it is not there. */
export const attribute = (of: Element, name: string): string | undefined =>
  of.hasAttribute(name) ? (of.getAttribute(name) ?? undefined) : undefined;

/** Text made safe for XML, in content and in attributes. */
export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"'\r\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);

/** An `xs:dateTime` with its time zone, in seconds since the epoch; undefined when it is not one. */
export function instant(text: string | undefined): number | undefined {
  const [, time] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))$/.exec(text ?? '') ?? [];
  // Date reads three digits of a second.
  const milliseconds = time === undefined ? Number.NaN : Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** Seconds since the epoch as `xs:dateTime` in UTC. */
export const dateTime = (seconds: number): string =>
  new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');
