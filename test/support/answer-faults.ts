/** Answers that show an IIN: nobody's does, but where a citizen is handed what he himself is to sign. */
import type { Answer } from './answers.js';
import { findIins, inWords } from './iin-hunt.js';

/** The members that hold the document to sign, which names the citizen it is for. No lender's route is among them. */
const documentsToSign: Readonly<Record<string, readonly string[]>> = {
  'POST /v1/applications': ['document'],
  'GET /egov-mobile/documents/:applicationId': ['documentsToSign', '0', 'document', 'file', 'data'],
};

/** What is wrong with this answer, in words. */
export function answerFaults(
  { route, url, status, headers, text, iin: applicant }: Answer,
  iins: readonly string[],
): string[] {
  const { rest, taken } = withoutMember(text, documentsToSign[route]);
  const named = taken === undefined ? [] : findIins(Buffer.from(taken, 'base64'), iins);
  const people = new Set(named.map(({ iin }) => iin));
  const place = `${status} ${route}`;
  return [
    ...findIins([url, headers, rest].join('\n'), iins).map((each) => inWords(place, each)),
    ...(people.size > 1 ? [`${place}: a document about two people`] : []),
    ...(applicant !== undefined && people.size > 0 && !people.has(applicant)
      ? [`${place}: a document about somebody else`]
      : []),
  ];
}

/** The text of a JSON object without this member, and the member when it is a text. */
function withoutMember(
  text: string,
  path: readonly string[] | undefined,
): { readonly rest: string; readonly taken?: string } {
  if (path === undefined || !text.startsWith('{')) return { rest: text };
  let taken: string | undefined;
  const without = (value: unknown, [name, ...deeper]: readonly string[]): unknown => {
    if (name === undefined && typeof value === 'string') return (taken = value) && '';
    if (name === undefined || typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, key === name ? without(each, deeper) : each]),
    );
  };
  const rest = JSON.stringify(without(JSON.parse(text), path));
  return { rest, ...(taken !== undefined && { taken }) };
}
