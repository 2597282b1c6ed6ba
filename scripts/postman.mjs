// A Postman collection (v2.1, which Bruno imports, too) of an OpenAPI document of ours. It holds no secret: addresses,
// token and certificate are the caller's own, and no example names a person.
import { createHash } from 'node:crypto';

/** Named by what they are, so that the same document always makes the same file. */
const idOf = (text) =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-5$3-8$4-$5');

/** @returns the collection: one folder a tag, one request an operation */
export function collectionOf(document) {
  const folders = new Map();
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const folder = operation.tags?.[0] ?? 'metadata';
      folders.set(folder, [...(folders.get(folder) ?? []), requestOf(document, path, method, operation)]);
    }
  return {
    info: {
      _postman_id: idOf(document.info.title),
      name: document.info.title,
      description:
        `${document.info.description}\n\nGenerated from openapi/lender.json by \`node scripts/sdk.mjs\`. Set \`baseUrl\` to the ` +
        'mutual-TLS address, give Postman or Bruno your certificate and key for that host, and `token` an access token ' +
        'bound to the certificate. An IIN is typed into a body and nowhere else; do not save requests that hold one.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable: ['baseUrl', 'token', 'iin'].map((key) => ({ key, value: '', type: 'string' })),
    item: [...folders].map(([name, item]) => ({ name, item })),
  };
}

function requestOf(document, path, method, operation) {
  const of = (place) => (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  const segments = path.split('/').slice(1);
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const headers = of('header').map(({ name, required }) => ({
    key: name,
    value: name === 'Idempotency-Key' ? '{{$guid}}' : '',
    disabled: !required,
  }));
  return {
    name: operation.summary ?? operation.operationId,
    request: {
      ...(operation.security?.length === 0 && { auth: { type: 'noauth' } }),
      method: method.toUpperCase(),
      header: schema ? [...headers, { key: 'Content-Type', value: 'application/json' }] : headers,
      url: {
        raw: `{{baseUrl}}${path.replace(/\{(\w+)\}/g, ':$1')}`,
        host: ['{{baseUrl}}'],
        path: segments.map((segment) => segment.replace(/^\{(\w+)\}$/, ':$1')),
        variable: of('path').map(({ name }) => ({ key: name, value: '' })),
        query: of('query').map(({ name, description, required }) => ({
          key: name,
          value: '',
          ...(description && { description }),
          disabled: !required,
        })),
      },
      ...(schema && {
        body: {
          mode: 'raw',
          raw: JSON.stringify(sampleOf(document, schema), null, 2),
          options: { raw: { language: 'json' } },
        },
      }),
    },
    response: [],
  };
}

/** A body with the required members; what only the caller knows is a variable or empty. */
function sampleOf(document, schema, name = '') {
  if (schema.$ref !== undefined)
    return sampleOf(document, document.components.schemas[schema.$ref.split('/').at(-1)], name);
  if (schema.allOf !== undefined) return sampleOf(document, schema.allOf[0], name);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  if (name === 'iin') return '{{iin}}';
  if (name === 'loanRef' || name === 'ref') return 'A-1';
  if (schema.type === 'array') return [sampleOf(document, schema.items)];
  if (schema.type !== 'object') return schema.type === 'string' ? '' : 0;
  const required = Object.entries(schema.properties ?? {}).filter(([key]) => schema.required?.includes(key));
  return Object.fromEntries(required.map(([key, member]) => [key, sampleOf(document, member, key)]));
}
