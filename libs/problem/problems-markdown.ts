/** docs/problems.md, made from the catalogue so that it cannot say anything else. */
import { problemKinds, type ProblemKind } from './catalogue.js';

/** The whole file. */
export function problemsMarkdown(): string {
  const rows = Object.entries<ProblemKind>(problemKinds).map(
    ([code, { status, title, detail, retryAfterS }]) =>
      `| ${status} | \`${code}\` | ${title} | ${detail} | ${retryAfterS === undefined ? '' : `${retryAfterS} s`} |`,
  );
  return `# Problems

Generated from \`libs/problem/catalogue.ts\` by \`node scripts/problem-pages.mjs\`; a test compares the two.

Every failure is answered with \`application/problem+json\` (RFC 9457). Branch on \`code\`: it never changes its meaning.
\`type\` leads to the page of the code, in Kazakh, Russian or English. \`errors\` points at members of the body. No answer
repeats a value of the request.

<!-- prettier-ignore -->
| status | code | title | what happened and what to do | try again after |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
