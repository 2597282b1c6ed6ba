// Writes what lenders copy and a program can make: the types of docs/lender/sdk from openapi/lender.json. `--check` only
// compares, and names what differs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import prettier from 'prettier';
import { collectionOf } from './postman.mjs';

const root = dirname(import.meta.dirname);
const openapi = join(root, 'openapi', 'lender.json');
const document = JSON.parse(readFileSync(openapi, 'utf8'));

async function typesOf() {
  const nodes = await openapiTS(pathToFileURL(openapi), { immutable: true, rootTypes: true });
  return `/** Generated from openapi/lender.json by \`node scripts/sdk.mjs\`; a test compares the two. */\n${astToString(nodes)}`;
}

const made = [
  ['docs/lender/sdk/lender-api.ts', await typesOf()],
  ['docs/lender/tyiym-lender.postman_collection.json', JSON.stringify(collectionOf(document))],
];

const isCheck = process.argv.includes('--check');
const differing = [];
for (const [name, source] of made) {
  const file = join(root, name);
  const options = await prettier.resolveConfig(file);
  const text = await prettier.format(source, { ...options, filepath: file });
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (isCheck) differing.push(relative(root, file));
  else writeFileSync(file, text);
}
if (differing.length > 0) {
  console.error(
    `Not what openapi/lender.json says: ${differing.join(', ')}. Run node scripts/sdk.mjs and look at the change.`,
  );
  process.exit(1);
}
