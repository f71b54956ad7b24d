import { type Html, html, trusted, type Value } from '../src/kernel/html.ts';
import type { Say } from './words.ts';

/** What every page of one installation shares. */
export interface Frame {
  /** The whole style sheet of the console. */
  consoleStyle: string;
  /** Addresses of the style sheet, the mark and the script that sends a form by itself. */
  style: string;
  mark: string;
  sendScript: string;
  /** Address of the module that runs the ceremonies of security keys and passkeys. */
  webauthnScript: string;
  /** Address of the script that copies and prints recovery codes. */
  codesScript: string;
  /** Address of the module that makes the console quicker. */
  consoleScript: string;
  issuer: string;
  /** The language of the page (BCP 47), and its texts. */
  tag: string;
  say: Say;
  /** All languages there are: tag, and name for itself. */
  languages: readonly (readonly [string, string])[];
  /** The path from which this page comes again in another language, if it does. */
  here?: string | undefined;
  /** For which organization (empty: the whole server) the forms of a page of administration are made. */
  actsFor?: string | undefined;
}

const doctype = trusted('<!doctype html>');

/** A whole document around what its body holds. */
export const documentOf = (frame: Frame, title: Value, body: Html): Html => html`${doctype}
<html lang="${frame.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} – Sallyport</title>
<link rel="stylesheet" href="${frame.style}">
<link rel="icon" href="${frame.mark}" type="image/svg+xml">
</head>
${body}
</html>
`;

/** The mark and the name. */
export const brand = (frame: Frame): Html =>
  html`<p class="brand"><img src="${frame.mark}" alt="" width="28" height="28"> Sallyport</p>`;

/** Who runs this, and the other languages of this page. */
export const footer = (frame: Frame): Html => html`<footer>
<p>${frame.say('footer.host', { host: new URL(frame.issuer).host })}</p>
${languages(frame)}
</footer>`;

const languages = ({ here, languages: all, say, tag }: Frame): Html | false =>
  here !== undefined &&
  html`<form method="post" action="/language" class="languages" aria-label="${say('footer.languages')}">
<input type="hidden" name="to" value="${here}">
${all.map(([one, name]) =>
  one === tag
    ? html`<span aria-current="true">${name}</span>`
    : html`<button name="language" value="${one}" lang="${one}">${name}</button>`,
)}
</form>`;

/** The one card that every page of a sign-in is: the mark, one heading, one decision, and who runs this. */
export const layout = (frame: Frame, title: Value, content: Html): Html =>
  documentOf(
    frame,
    title,
    html`<body>
<main>
${brand(frame)}
${content}
</main>
${footer(frame)}
</body>`,
  );

/** What matters in a sentence. */
export const strong = (text: Value): Html => html`<strong>${text}</strong>`;

/** The title of a page with a form, which says first that what was sent was not taken. */
export const titled = ({ say }: Frame, title: Html, error: Html | undefined): Html =>
  error === undefined ? title : say('page.error', { title });

/** A page that people only pass: asking for it again in another language would send what it carries a second time. */
export const passing = (frame: Frame): Frame => ({ ...frame, here: undefined });

/** What went wrong, next to the field that it is about; read out at once. */
export const alert = (id: string, sentence: Html | undefined): Html | false =>
  sentence !== undefined && html`<p class="alert" id="${id}" role="alert">${sentence}</p>`;

/** Marks a field as the one that an alert is about. */
export const invalid = (id: string, sentence: Html | undefined): Html | false =>
  sentence !== undefined && html` aria-invalid="true" aria-describedby="${id}"`;
