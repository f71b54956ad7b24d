import { encode } from 'uqr';
import { type Html, html } from '../kernel/html.ts';

/** Readers want this much quiet around the code, in modules (ISO/IEC 18004 §6.3.8). */
const border = 4;

/** A QR code as an image in the page, dark on light whatever the page is; `label` says what it is for. */
export function qr(text: string, label: Html | string): Html {
  const { data, size } = encode(text, { ecc: 'M', border });
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${data.map(rowPath).join('')}"/></svg>`;
}

/** The dark modules of a row, one piece for those that stand together. */
const rowPath = (row: readonly boolean[], y: number): string =>
  [
    ...row
      .map((dark) => (dark ? '1' : '0'))
      .join('')
      .matchAll(/1+/g),
  ]
    .map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`)
    .join('');
