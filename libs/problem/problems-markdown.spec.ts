import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { isProblemCode, problemKinds, type ProblemKind } from './catalogue.js';
import { languages, problemText } from './problem-text.js';
import { problemsMarkdown } from './problems-markdown.js';

const codes = Object.keys(problemKinds).filter(isProblemCode);

describe('the catalogue of problems', () => {
  it('is what docs/problems.md says (write it again with `node scripts/problem-pages.mjs`)', () => {
    expect(readFileSync('docs/problems.md', 'utf8')).toBe(problemsMarkdown());
  });

  it('is in the order of status', () => {
    const statuses = Object.values<ProblemKind>(problemKinds).map(({ status }) => status);
    expect(statuses).toEqual(statuses.toSorted((a, b) => a - b));
  });

  it('gives every code a text of its own in each language, with the same code words', () => {
    for (const language of languages) {
      const titles = codes.map((code) => problemText(code, language).title);
      expect(new Set(titles).size).toBe(codes.length);
      for (const code of codes) {
        const { title, detail } = problemText(code, language);
        expect(title).toMatch(/^\S.*[^.\s]$/);
        expect(detail).toMatch(/^\S.*\.$/);
        expect(codeWords(detail)).toEqual(codeWords(problemText(code, 'en').detail));
      }
    }
  });

  it('calls the refusal by its word and never by that of a ban', () => {
    for (const code of codes) {
      expect(JSON.stringify(problemText(code, 'kk'))).not.toMatch(/тыйым/i);
      expect(JSON.stringify(problemText(code, 'ru'))).not.toMatch(/запрет|отказано/i);
    }
  });
});

function codeWords(text: string): string[] {
  return (text.match(/`[^`]+`/g) ?? []).toSorted();
}
