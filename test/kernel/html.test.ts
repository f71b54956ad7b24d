import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { html, trusted } from '../../src/kernel/html.ts';

describe('html', () => {
  it('escapes values in text and in attributes', () => {
    const name = `"><img src=x onerror='alert(1)'>&`;
    assert.equal(
      html`<a title="${name}">${name}</a>`.toString(),
      '<a title="&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;">&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;</a>',
    );
  });

  it('keeps nested templates and joins lists', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
    assert.equal(html`<ul>${items}</ul>`.toString(), '<ul><li>a</li><li>&lt;b&gt;</li></ul>');
  });

  it('prints numbers, and nothing for what is not there', () => {
    assert.equal(html`${0}|${false}|${null}|${undefined}|${''}|${[]}`.toString(), '0|||||');
  });

  it('takes a text for HTML only when it is said to be trusted', () => {
    assert.equal(html`${'<hr>'}${trusted('<hr>')}`.toString(), '&lt;hr&gt;<hr>');
  });

  it('is not fooled by an object that looks like HTML', () => {
    const forged = JSON.parse('{"toString":"x","text":"<script>"}');
    assert.throws(() => html`${forged}`);
  });
});
