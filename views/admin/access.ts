import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { listed } from '../words.ts';
import { type Deed, empty, filterChoice, filters, filterText, head, more, tabs } from './parts.ts';

/** The parts of the room, in their order. */
export const accessParts = ['roles', 'assignments', 'why', 'groups', 'apis'] as const;
/** One of `accessParts`. */
export type AccessPart = (typeof accessParts)[number];

/** Where a part is. */
export const accessPath = (part: AccessPart): string => (part === 'roles' ? '/admin/access' : `/admin/access/${part}`);

/** The head of the first page of each part, with the ways to the others that this person may open. */
export const accessHead = (
  frame: Frame,
  { part, open, deeds = [] }: { part: AccessPart; open: readonly AccessPart[]; deeds?: readonly Deed[] },
): Html => html`${head(frame.say(`console.access.${part}`), { about: frame.say(`console.access.${part}.about`), deeds })}
${tabs(
  frame.say('console.nav.access'),
  accessParts
    .filter((one) => open.includes(one))
    .map((one) => ({ href: accessPath(one), text: frame.say(`console.access.${one}`), open: one === part })),
)}`;

/** How a role has a permission: `own`, or the names of the included roles that it has it from; nothing, if it has it not. */
export type Cell = 'own' | readonly string[] | undefined;

/** A role in the matrix. */
export interface MatrixRow {
  id: string;
  href: string;
  cells: readonly Cell[];
}

/** What the matrix shows: roles by the permissions of one API. */
export interface Matrix {
  open: readonly AccessPart[];
  /** Where one API after the other is shown. */
  apis: readonly { id: string; href: string; open: boolean }[];
  permissions: readonly string[];
  rows: readonly MatrixRow[];
  asked: { api?: string | undefined; q?: string | undefined; only?: string | undefined };
  first?: string | undefined;
  next?: string | undefined;
  add?: string | undefined;
  /** Where an API, and permissions of this one, are made. */
  addApi?: string | undefined;
  changeApi?: string | undefined;
}

/** A mark that says by its form, and in words, whose permission it is. */
const mark = ({ say, tag }: Frame, cell: Cell): Html | false => {
  if (cell === undefined) return false;
  const text = cell === 'own' ? say('console.access.own') : say('console.access.from', { roles: listed(tag, cell) });
  return html`<b role="img" aria-label="${text}" title="${text}">${cell === 'own' ? '●' : '○'}</b>`;
};

const cells = (frame: Frame, { permissions, rows }: Matrix): Html => {
  const title = frame.say('console.access.matrix');
  return html`<div class="sheet matrix" role="region" aria-label="${title}" tabindex="0"><table>
<caption class="said">${title}</caption>
<thead><tr><th scope="col">${frame.say('console.people.role')}</th>${permissions.map((one) => html`<th scope="col"><code>${one}</code></th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`
<tr><th scope="row"><a href="${row.href}">${row.id}</a></th>${row.cells.map((cell) => html`<td>${mark(frame, cell)}</td>`)}</tr>`,
  )}</tbody>
</table></div>`;
};

function found(frame: Frame, view: Matrix): Html {
  const { say } = frame;
  const { apis, permissions, rows, asked, add, addApi, changeApi } = view;
  if (apis.length === 0)
    return empty(
      say('console.access.no-apis'),
      addApi === undefined ? undefined : { href: addApi, text: say('console.access.apis.add') },
    );
  if (rows.length === 0 && (asked.q !== undefined || asked.only !== undefined))
    return empty(say('console.nothing-found'), { href: '/admin/access', text: say('console.show-all') });
  if (rows.length === 0)
    return empty(
      say('console.access.roles.about'),
      add === undefined ? undefined : { href: add, text: say('console.access.roles.add') },
    );
  const none = empty(
    say('console.access.no-permissions'),
    changeApi === undefined ? undefined : { href: changeApi, text: say('console.access.apis.change') },
  );
  if (permissions.length === 0) return html`${cells(frame, view)}<div class="part">${none}</div>${more(frame, view)}`;
  return html`${cells(frame, view)}
<p class="hint"><span aria-hidden="true">●</span> ${say('console.access.own')} &nbsp; <span aria-hidden="true">○</span> ${say('console.access.included')}</p>
${more(frame, view)}`;
}

/** All roles, and which permissions of an API each has. */
export function matrixContent(frame: Frame, view: Matrix): Html {
  const { say } = frame;
  const { open, apis, asked, add } = view;
  const deeds: Deed[] =
    add === undefined ? [] : [{ href: add, text: say('console.access.roles.add'), kind: 'primary' }];
  return html`${accessHead(frame, { part: 'roles', open, deeds })}
${
  apis.length > 0 &&
  html`<nav aria-label="${say('console.people.api')}"><p class="switch">${apis.map(
    ({ id, href, open: here }) => html`<a href="${href}"${here && html` aria-current="page"`}>${id}</a> `,
  )}</p></nav>
${filters(
  frame,
  '/admin/access',
  html`<input type="hidden" name="api" value="${asked.api}">${filterText('q', say('console.access.q'), asked.q)}
${filterChoice('only', say('console.access.shown'), {
  value: asked.only,
  options: [
    ['', say('console.access.all-roles')],
    ['holding', say('console.access.holding')],
  ],
})}`,
)}`
}
${found(frame, view)}`;
}
