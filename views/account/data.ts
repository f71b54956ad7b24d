import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';
import { field, summary } from './fields.ts';

/** What is kept, and what the person can do with it. */
export const dataContent = (frame: Frame): Html => html`<h1>${frame.say('account.nav.data')}</h1>
<h2>${frame.say('account.data.download')}</h2>
<p>${frame.say('account.data.download.about')}</p>
<p class="deeds"><a class="button" href="/account/data/download">${frame.say('account.data.download')}</a></p>
<h2>${frame.say('account.data.delete')}</h2>
<p>${frame.say('account.data.delete.about')}</p>
<p class="deeds"><a class="button danger" href="/account/data/delete">${frame.say('account.data.delete')}</a></p>`;

/** The file is asked for by a form, so that no other site can have it made. */
export const downloadContent = (frame: Frame): Html => html`<h1>${frame.say('account.data.download')}</h1>
<p>${frame.say('account.data.download.sentence')}</p>
<form method="post" action="/account/data/download" class="deeds">
<button class="primary">${frame.say('account.data.download.deed')}</button>
<a class="button" href="/account/data">${frame.say('account.cancel')}</a>
</form>`;

/** Names what goes, and lets nobody do it by one wrong press. */
export const deleteContent = (
  frame: Frame,
  { account, typed, wrong }: { account: string; typed?: string | undefined; wrong: boolean },
): Html => html`<h1>${frame.say('account.data.delete.title', { account: html`<strong>${account}</strong>` })}</h1>
${summary(frame, wrong)}
<p>${frame.say('account.data.delete.sentence')}</p>
<form method="post" action="/account/data/delete">
${field({ name: 'account', label: frame.say('account.data.delete.confirm', { account }), value: typed, autocomplete: 'off', required: true, error: wrong ? frame.say('account.data.delete.wrong', { account }) : undefined })}
<div class="deeds">
<button class="danger">${frame.say('account.data.delete.deed')}</button>
<a class="button" href="/account/data">${frame.say('account.cancel')}</a>
</div>
</form>`;

/** Somebody who may not go yet. */
export const lastAdministratorContent = (frame: Frame): Html => html`<h1>${frame.say('account.data.delete')}</h1>
<p role="alert">${frame.say('account.data.delete.administrator')}</p>
<p class="deeds"><a class="button" href="/account/data">${frame.say('account.cancel')}</a></p>`;

/** Nothing is left. */
export const deletedPage = (frame: Frame): Html =>
  layout(
    passing(frame),
    frame.say('account.data.deleted.title'),
    html`<h1>${frame.say('account.data.deleted.title')}</h1>
<p role="status">${frame.say('account.data.deleted.sentence')}</p>`,
  );
