// Lints the committed OpenAPI documents; a document that is missing altogether is a fault too.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core';

const folder = join(dirname(import.meta.dirname), 'openapi');
const documents = readdirSync(folder).filter((name) => name.endsWith('.json'));
const config = await createConfig({ extends: ['recommended'] });
const problems = [];
for (const name of documents) problems.push(...(await lint({ ref: join(folder, name), config })));
const totals = getTotals(problems);
formatProblems(problems, { format: 'codeframe', totals, version: '' });
console.log(`${documents.length} documents, ${totals.errors} errors, ${totals.warnings} warnings`);
if (documents.length === 0 || totals.errors + totals.warnings > 0) process.exitCode = 1;
