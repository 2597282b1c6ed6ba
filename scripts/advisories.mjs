// Which advisories of an `npm audit --json` stand open. Accepted ones name a reason and a day, and count until that day.

/**
 * @param audit report of `npm audit --json`, version 2: `vulnerabilities` by package, each with `via`
 * @param accepted rows of docs/advisories.json: `{id, package, why, until}`; `id` is the advisory's address
 * @param now the instant at which it is judged
 * @returns `open`: neither accepted nor past its day; `stale`: accepted rows that no advisory bears out any more
 * @throws Error for a row without one of its members, because an acceptance without a reason or an end is none
 */
export function judgeAdvisories(audit, accepted, now) {
  for (const row of accepted)
    for (const member of ['id', 'package', 'why', 'until'])
      if (typeof row[member] !== 'string' || row[member] === '')
        throw new Error(`docs/advisories.json: a row lacks "${member}"`);
  const found = new Map();
  for (const { via } of Object.values(audit.vulnerabilities))
    for (const advisory of via)
      // A string names the package through which it comes, which has its own row.
      if (typeof advisory === 'object') found.set(advisory.url, advisory);
  const today = now.toISOString().slice(0, 10);
  const isAccepted = ({ url, name }) =>
    accepted.some((row) => row.id === url && row.package === name && row.until >= today);
  return {
    open: [...found.values()]
      .filter((advisory) => !isAccepted(advisory))
      .map(({ url, name, severity, title, range }) => ({ id: url, name, severity, title, range })),
    stale: accepted.filter((row) => !found.has(row.id)),
  };
}
