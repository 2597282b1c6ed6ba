// Who may import whom: one rule a sentence, and test/boundaries.spec.ts plants a violation of each.
// Types count as much as values, because knowing a type is knowing the thing.

/** Files of the product by the suffix that says what they may touch. */
const withSuffix = (...suffixes) => `^(apps|libs)/.+\\.(${suffixes.join('|')})\\.ts$`;

const spec = '\\.spec\\.ts$';
const wiring = '(^|/)(main|config)\\.ts$|\\.module\\.ts$';
const http = ['controller', 'guard', 'strategy', 'filter'];
const suffixes = [...http, 'store', 'dto', 'service', 'worker', 'client', 'command', 'module'];

/** A rule or a value. Platform is glue to frameworks, and the sandbox is the outside world: neither has pure files. */
const plain = '^(apps|libs)/[^.]+\\.ts$';
const notPlain = ['^libs/platform/', '^apps/sandbox/', wiring];

const nest = '(^|/)node_modules/@nestjs/';
const httpPackages =
  '(^|/)node_modules/(fastify|@fastify/[^/]+|passport|supertest|@nestjs/(platform-fastify|swagger|passport))/';
const database = '(^|/)node_modules/(typeorm|pg|graphile-worker)/';
const callsOut =
  '^(node:)?(http|https|http2|net|tls|dgram)$|(^|/)node_modules/(undici|openid-client|nodemailer)/';
const purePackages =
  '(^|/)node_modules/(@types/)?(jose|jws|asn1js|pkijs|@peculiar/x509|canonicalize|uuid|reflect-metadata)/';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** A library that may import only these others. */
const library = (names, ...others) => {
  const allowed = ['$1', ...others].join('|');
  const sentence = others.length > 0 ? `nothing but ${others.join(', ')}` : 'no other library';
  return forbid(
    `${names.join('-')}-imports-${others.at(-1) ?? 'nothing'}`,
    `Of the libraries, ${names.join(', ')} may import ${sentence}.`,
    { path: `^libs/(${names.join('|')})/`, pathNot: spec },
    { path: '^libs/', pathNot: `^libs/(${allowed})/` },
  );
};

const underRefusal = ['party', 'feed', 'journal', 'regime', 'subject', 'problem'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid('no-unresolvable', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    forbid('no-circular', 'No file imports itself by any way round.', {}, { circular: true }),
    forbid(
      'no-barrels',
      'A name is imported from the file that defines it, never passed on by another.',
      { path: '^(apps|libs|test)/' },
      { dependencyTypes: ['export'] },
    ),
    forbid(
      'no-index-files',
      'No file is called index, because a folder is a noun and not a module.',
      {},
      { path: '^(apps|libs|test)/.*\\bindex\\.ts$' },
    ),
    forbid(
      'no-unlisted-packages',
      'Every package that is imported stands in package.json.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    forbid(
      'no-dev-packages-in-the-product',
      'What is installed for development only is imported by specs and tests only.',
      { path: '^(apps|libs|migrations)/', pathNot: spec },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'the-product-knows-no-tests',
      'Nothing of the product imports a spec or what supports the tests.',
      { path: '^(apps|libs|migrations)/', pathNot: spec },
      { path: ['^test/', spec] },
    ),

    forbid(
      'apps-import-no-other-app',
      'An app never imports another app; only sandbox and tool may start the others.',
      { path: '^apps/([^/]+)/', pathNot: ['^apps/(sandbox|tool)/', spec] },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    forbid(
      'starters-import-wiring',
      'Sandbox and tool start other apps by their wiring; the sandbox also does what an operator and a party do, and that is in the tool.',
      { path: '^apps/(sandbox|tool)/', pathNot: spec },
      { path: '^apps/', pathNot: ['^apps/$1/', wiring, '^apps/tool/(acts|keygen|migrate|pins|token)/'] },
    ),
    forbid(
      'the-witness-stands-alone',
      'The witness must be trusted without the registry: of ours it uses the hashing and the notes of tlog, no more.',
      { path: '^apps/sandbox/witness/', pathNot: spec },
      { path: '^(apps|libs|migrations)/', pathNot: '^(apps/sandbox/witness|libs/tlog)/' },
    ),
    forbid(
      'the-bureaus-stand-alone',
      'The bureaus of the sandbox are written against the documents alone: they use nothing of ours.',
      { path: '^apps/sandbox/bureau/', pathNot: spec },
      { path: '^(apps|libs|migrations)/', pathNot: '^apps/sandbox/bureau/' },
    ),
    forbid(
      'libs-import-no-app',
      'A library knows no app, because code moves to libs only when a second app needs it.',
      { path: '^(libs|migrations)/', pathNot: spec },
      { path: '^apps/' },
    ),
    forbid(
      'only-apps-import-platform',
      'Only apps import platform.',
      { path: '^(libs|migrations)/', pathNot: ['^libs/platform/', spec] },
      { path: '^libs/platform/' },
    ),
    forbid(
      'migrations-stand-alone',
      'A migration imports nothing of ours, because it must do tomorrow what it did yesterday.',
      { path: '^migrations/' },
      { path: '^libs/' },
    ),

    library(['tlog', 'problem']),
    library(['journal'], 'tlog', 'problem'),
    library(['signature', 'document'], 'problem'),
    library(['party', 'feed', 'regime', 'subject'], 'problem'),
    library(['acts'], 'journal', 'tlog', 'signature', 'party', 'regime', 'subject', 'problem'),
    library(['refusal'], ...underRefusal),
    library(['check'], 'refusal', ...underRefusal),
    library(['loan'], 'check', 'refusal', ...underRefusal),
    forbid(
      'platform-imports-party-and-problem',
      'Platform imports party and problem, and what an Idempotency-Key must not hold, apart from its modules, which wire the libraries together.',
      { path: '^libs/platform/', pathNot: [spec, wiring] },
      { path: '^libs/', pathNot: ['^libs/(platform|party|problem)/', '^libs/subject/holds-iin\\.ts$'] },
    ),

    forbid(
      'plain-files-know-no-nest',
      'A rule or a value knows no Nest.',
      { path: plain, pathNot: ['^libs/platform/', wiring] },
      { path: nest },
    ),
    forbid(
      'plain-files-know-no-machine',
      'A rule or a value reads no file, no clock and no network: of Node it may use crypto and assert.',
      { path: plain, pathNot: notPlain },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|assert|buffer)(/|$)' },
    ),
    forbid(
      'plain-files-use-pure-packages',
      'Of packages, a rule or a value uses only those that compute.',
      { path: plain, pathNot: notPlain },
      { path: '(^|/)node_modules/', pathNot: purePackages },
    ),
    forbid(
      'plain-files-import-plain-files',
      'A rule or a value imports only its like, no file that reads, writes, calls or wires.',
      { path: plain, pathNot: notPlain },
      { path: [withSuffix(...suffixes), '^(apps|libs)/.+/(main|config)\\.ts$', '^libs/platform/'] },
    ),
    forbid(
      'stores-are-sql',
      'A store holds SQL: it knows no Nest, no HTTP, and nothing outside the process.',
      { path: withSuffix('store') },
      { path: [nest, httpPackages, callsOut] },
    ),
    forbid(
      'stores-import-downwards',
      'A store imports plain files and stores, and no service or anything above one.',
      { path: withSuffix('store') },
      { path: withSuffix(...suffixes.filter((suffix) => suffix !== 'store')) },
    ),
    forbid(
      'dtos-are-shapes',
      'A wire shape imports plain files, other shapes and decorators.',
      { path: withSuffix('dto') },
      { path: [withSuffix(...suffixes.filter((suffix) => suffix !== 'dto')), database, callsOut] },
    ),
    forbid(
      'services-know-no-http',
      'A use case knows neither HTTP nor the shapes on the wire.',
      { path: withSuffix('service') },
      { path: [httpPackages, withSuffix(...http, 'dto')] },
    ),
    forbid(
      'services-are-not-above-themselves',
      'A use case is called by workers, commands and modules, and never calls them.',
      { path: withSuffix('service') },
      { path: withSuffix('worker', 'command', 'module') },
    ),
    forbid(
      'controllers-never-skip-the-service',
      'What speaks HTTP asks its service, and never a store or the database.',
      { path: withSuffix(...http) },
      { path: [withSuffix('store'), database] },
    ),
    forbid(
      'workers-and-commands-know-no-http',
      'A loop of the clerk or a command of the tool does not speak HTTP.',
      { path: withSuffix('worker', 'command') },
      { path: [httpPackages, withSuffix(...http, 'dto')] },
    ),
    forbid(
      'clients-import-plain-files',
      'A file that calls out imports plain files: what it learns is stored by others.',
      { path: withSuffix('client') },
      { path: [withSuffix(...suffixes.filter((suffix) => suffix !== 'client')), database, nest] },
    ),
    forbid(
      'only-clients-call-out',
      'Only a client calls out; platform listens, and the sandbox is the outside itself.',
      { path: '^(apps|libs)/', pathNot: [withSuffix('client'), '^libs/platform/', '^apps/sandbox/', spec] },
      { path: callsOut },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    // Without these `#libs/*` does not resolve, and every rule about libraries would pass.
    enhancedResolveOptions: {
      conditionNames: ['development', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      mainFields: ['main'],
      extensions: ['.ts', '.js'],
    },
  },
};
