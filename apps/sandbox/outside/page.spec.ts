import { describe, expect, it } from '@jest/globals';
import { html } from './page.js';

describe('html', () => {
  it('escapes every text that is put into it', () => {
    const { source } = html`<p title="${`"'`}">${'<script>&'}</p>`;
    expect(source).toBe('<p title="&quot;&#39;">&lt;script&gt;&amp;</p>');
  });

  it('takes its own markup as it is, lists of it too, and nothing for undefined', () => {
    const items = ['a', 'b'].map((name) => html`<li>${name}</li>`);
    const inserted = html`${items}${undefined}${7}`;
    expect(inserted.source).toBe('<li>a</li>\n<li>b</li>7');
  });
});
