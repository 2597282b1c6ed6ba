// Writes openapi/<app>.json from the built code; `--check` only compares, and names what differs. Modules are read in
// Nest's preview mode, so nothing connects to anything.
import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import prettier from 'prettier';

const root = dirname(import.meta.dirname);
const config = {
  app: 'lender',
  sandbox: true,
  origin: 'sandbox.tyiym.kz/journal/1',
  database: { host: '127.0.0.1', port: 1, name: 'none', user: 'none', passwordFile: 'none' },
  keysDir: 'none',
  publicBase: 'https://example.invalid',
  listen: { host: '127.0.0.1', port: 0 },
  issuer: 'https://access.example.invalid',
  logBase: 'https://log.example.invalid',
  nca: { rootFiles: [], intermediateFiles: [], crlUrls: {} },
  egovMobile: { organisation: { nameRu: '', nameKz: '', nameEn: '', bin: '200340000012' } },
};

const apps = [
  {
    name: 'lender',
    module: ['lender/lender.module.js', 'LenderModule'],
    title: 'Tyiym for lenders',
    description:
      'Ask before deciding and again before money moves. **A client lends only on** `verdict === "clear"` in a receipt that verifies, whose person, stage and `loanRef` are its own, before `validUntil`, replayed or not. Time-out 2 s, two retries with the same key, then park. Prefer mutual TLS: a DPoP proof does not cover the body.',
    isPublic: false,
  },
  {
    name: 'bureau',
    module: ['bureau/bureau.module.js', 'BureauModule'],
    title: 'Tyiym for credit bureaus',
    description:
      'Fetch every placing and lift in order, none lost, none twice; say that the mark is on the credit history; compare what you hold with what the registry holds. What is delivered opens with your own day keys only.',
    isPublic: false,
  },
  {
    name: 'citizen',
    module: ['citizen/citizen.module.js', 'CitizenModule'],
    title: 'Tyiym for channels of citizens',
    description:
      'The eGov portal and eGov Mobile place, lift and show the refusal of a citizen who is present. Only the citizen’s own signature loosens anything.',
    isPublic: false,
  },
  {
    name: 'log',
    module: ['log/log.module.js', 'LogModule'],
    title: 'Tyiym, the public log',
    description: 'What anybody may check without asking: keys, checkpoints and openings of public entries.',
    isPublic: true,
  },
];

const problem = {
  description: 'A problem (RFC 9457): `type` is a page that says what to do.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const limitHeaders = {
  'RateLimit-Policy': {
    description:
      'The quotas this call falls under, each with its window in seconds (draft-ietf-httpapi-ratelimit-headers-10).',
    schema: { type: 'string', example: '"checks";q=5000;w=1, "checks-beyond";q=50000;w=60' },
  },
  RateLimit: {
    description: 'What is left of it, and seconds until there is more.',
    schema: { type: 'string', example: '"checks";r=4999;t=1' },
  },
};
const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string', format: 'uuid' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' } },
      },
    },
  },
};
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

async function documentOf({ module: [file, name], title, description, isPublic }) {
  const { [name]: Module } = await import(join(root, 'dist', 'apps', file));
  const app = await NestFactory.create(Module.register(config), new FastifyAdapter(), {
    preview: true,
    logger: false,
  });
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    .setLicense('EUPL-1.2', 'https://eupl.eu/1.2/en/')
    .addServer('https://example.invalid', 'Public base URL of the app');
  if (!isPublic)
    builder
      .addSecurity('mutualTls', {
        type: 'mutualTLS',
        description: 'Certificate-bound token (RFC 8705): the fast way.',
      })
      .addSecurity('dpop', {
        type: 'http',
        scheme: 'DPoP',
        description: 'DPoP-bound token (RFC 9449) with a nonce; the proof does not cover the body.',
      });
  const document = SwaggerModule.createDocument(app, builder.build());
  await app.close().catch(() => undefined);
  return finished(document, isPublic);
}

/** What is so of every operation is said once here, so that no controller can forget it. */
function finished(document, isPublic) {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: problemSchema };
  for (const path of Object.values(document.paths))
    for (const operation of Object.values(path)) {
      const most = operation['x-max-body-bytes'];
      if (most !== undefined)
        operation.responses['413'] ??= {
          ...problem,
          description: `The body is longer than ${most / 1024} KiB; it was not read.`,
        };
      operation.responses['4XX'] ??= problem;
      operation.responses['5XX'] ??= problem;
      if (operation['x-limited'] || !(isPublic || operation['x-public'])) limited(operation);
      delete operation['x-limited'];
      // `@Public()` says so in the document, too: see access.guard.ts.
      operation.security = isPublic || operation['x-public'] ? [] : [{ mutualTls: [] }, { dpop: [] }];
      delete operation['x-public'];
    }
  delete document.components.schemas.Object;
  return document;
}

/** What `limit.guard.ts` does: two fields in every answer, and 429. */
function limited(operation) {
  for (const [status, response] of Object.entries(operation.responses))
    if (/^2/.test(status)) response.headers = { ...response.headers, ...limitHeaders };
  operation.responses['429'] ??= {
    ...problem,
    description: 'Too many requests: wait as `Retry-After` says. A phone gets `{message}` instead.',
    headers: {
      ...limitHeaders,
      'Retry-After': { description: 'Seconds.', required: true, schema: { type: 'integer', minimum: 1 } },
    },
  };
}

const isCheck = process.argv.includes('--check');
const differing = [];
mkdirSync(join(root, 'openapi'), { recursive: true });
for (const app of apps) {
  const file = join(root, 'openapi', `${app.name}.json`);
  const text = await prettier.format(JSON.stringify(await documentOf(app)), { parser: 'json' });
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before === text) continue;
  if (isCheck) differing.push(app.name);
  else writeFileSync(file, text);
}
if (differing.length > 0) {
  console.error(
    `openapi/ is not what the code says: ${differing.join(', ')}. Run npm run openapi and look at the change.`,
  );
  process.exit(1);
}
process.exit(0);
