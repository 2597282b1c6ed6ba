// Writes docs/problems.md from the built catalogue; libs/problem/problems-markdown.spec.ts fails while they differ.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const { problemsMarkdown } = await import(join(root, 'dist/libs/problem/problems-markdown.js'));
mkdirSync(join(root, 'docs'), { recursive: true });
writeFileSync(join(root, 'docs/problems.md'), problemsMarkdown());
