/**
 * The rules about imports bite: for each rule a small tree is planted that breaks it, and dependency-cruiser, run as
 * `npm test` runs it, must name that rule. A rule without a plant fails here, so no rule can be one that cannot fail.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

/** `<file> imports <specifiers>` for each rule; a file that breaks a rule twice over is listed once per import. */
const plants: Readonly<Record<string, readonly (readonly [file: string, ...imports: string[]])[]>> = {
  'no-unresolvable': [
    ['libs/loan/lost.ts', './nowhere.js'],
    ['libs/loan/lost-lib.ts', '#libs/loan/nowhere.js'],
    ['libs/loan/lost-package.ts', 'no-such-package-anywhere'],
  ],
  'no-circular': [['libs/loan/egg.ts', './hen.js']],
  'no-barrels': [['libs/loan/barrel.ts', 'export * from ./a.js']],
  'no-index-files': [['libs/loan/uses-index.ts', './sums/index.js']],
  'no-unlisted-packages': [['libs/loan/unlisted.service.ts', 'acorn']],
  'no-dev-packages-in-the-product': [['apps/lender/dev.service.ts', 'fast-check']],
  'the-product-knows-no-tests': [
    ['libs/loan/uses-spec.ts', './a.spec.js'],
    ['apps/lender/uses-support.ts', '../../test/support/a.js'],
  ],
  'apps-import-no-other-app': [
    ['apps/lender/neighbour.ts', '../citizen/a.js'],
    ['apps/lender/starter.ts', '../tool/a.js'],
  ],
  'starters-import-wiring': [
    ['apps/tool/digs.ts', '../citizen/a.js'],
    ['apps/sandbox/digs.ts', '../citizen/a.js'],
  ],
  'the-witness-stands-alone': [
    ['apps/sandbox/witness/trusts.ts', '../../tool/a.js'],
    ['apps/sandbox/witness/borrows.ts', '#libs/journal/a.js'],
  ],
  'the-bureaus-stand-alone': [
    ['apps/sandbox/bureau/copies.ts', '../../tool/a.js'],
    ['apps/sandbox/bureau/borrows.ts', '#libs/journal/a.js'],
  ],
  'libs-import-no-app': [
    ['libs/loan/looks-up.ts', '../../apps/citizen/a.js'],
    ['migrations/looks-up.ts', '../apps/citizen/a.js'],
  ],
  'only-apps-import-platform': [['libs/loan/clock.service.ts', '#libs/platform/a.js']],
  'migrations-stand-alone': [['migrations/borrows.ts', '#libs/loan/a.js']],
  'tlog-problem-imports-nothing': [
    ['libs/tlog/strays.ts', '#libs/problem/a.js'],
    ['libs/problem/strays.ts', '#libs/tlog/a.js'],
  ],
  'journal-imports-problem': [['libs/journal/strays.ts', '#libs/party/a.js']],
  'signature-document-imports-problem': [
    ['libs/signature/strays.ts', '#libs/subject/a.js'],
    ['libs/document/strays.ts', '#libs/signature/a.js'],
  ],
  'party-feed-regime-subject-imports-problem': [
    ['libs/party/strays.ts', '#libs/regime/a.js'],
    ['libs/feed/strays.ts', '#libs/journal/a.js'],
    ['libs/regime/strays.ts', '#libs/party/a.js'],
    ['libs/subject/strays.ts', '#libs/refusal/a.js'],
  ],
  'acts-imports-problem': [['libs/acts/strays.ts', '#libs/refusal/a.js']],
  'refusal-imports-problem': [
    ['libs/refusal/strays.ts', '#libs/check/a.js'],
    ['libs/refusal/strays-down.ts', '#libs/tlog/a.js'],
  ],
  'check-imports-problem': [['libs/check/strays.ts', '#libs/loan/a.js']],
  'loan-imports-problem': [['libs/loan/strays.ts', '#libs/signature/a.js']],
  'platform-imports-party-and-problem': [['libs/platform/strays.ts', '#libs/refusal/a.js']],
  'plain-files-know-no-nest': [
    ['libs/loan/nests.ts', '@nestjs/common'],
    ['apps/sandbox/nests.ts', '@nestjs/common'],
  ],
  'plain-files-know-no-machine': [
    ['libs/loan/reads.ts', 'node:fs'],
    ['apps/lender/sleeps.ts', 'node:timers/promises'],
  ],
  'plain-files-use-pure-packages': [
    ['libs/loan/queries.ts', 'typeorm'],
    ['libs/loan/fetches.ts', 'undici'],
  ],
  'plain-files-import-plain-files': [
    ['libs/loan/keeps.ts', './a.store.js'],
    ['libs/loan/asks.ts', './a.service.js'],
    ['apps/lender/configures.ts', './config.js'],
    ['apps/lender/tells-time.ts', '#libs/platform/a.js'],
  ],
  'stores-are-sql': [
    ['libs/loan/nested.store.ts', '@nestjs/common'],
    ['libs/loan/served.store.ts', 'fastify'],
    ['libs/loan/calling.store.ts', 'node:http'],
  ],
  'stores-import-downwards': [['libs/loan/climbing.store.ts', './a.service.js']],
  'dtos-are-shapes': [
    ['apps/lender/thick.dto.ts', './a.service.js'],
    ['apps/lender/stored.dto.ts', 'typeorm'],
  ],
  'services-know-no-http': [
    ['apps/lender/served.service.ts', 'fastify'],
    ['apps/lender/shaped.service.ts', './a.dto.js'],
    ['apps/lender/controlled.service.ts', './a.controller.js'],
  ],
  'services-are-not-above-themselves': [['apps/lender/wired.service.ts', './a.module.js']],
  'controllers-never-skip-the-service': [
    ['apps/lender/skipping.controller.ts', './a.store.js'],
    ['apps/lender/skipping.guard.ts', 'typeorm'],
    ['apps/lender/skipping.strategy.ts', './a.store.js'],
    ['apps/lender/skipping.filter.ts', 'pg'],
  ],
  'workers-and-commands-know-no-http': [
    ['apps/clerk/serving.worker.ts', 'fastify'],
    ['apps/tool/serving.command.ts', './a.controller.js'],
  ],
  'clients-import-plain-files': [
    ['libs/loan/keeping.client.ts', './a.store.js'],
    ['libs/loan/storing.client.ts', 'pg'],
  ],
  'only-clients-call-out': [
    ['libs/loan/calling.service.ts', 'undici'],
    ['apps/lender/calling.worker.ts', 'node:https'],
  ],
};

// What the plants import, so that only the planted files break anything.
const libs = [
  'tlog',
  'problem',
  'journal',
  'signature',
  'party',
  'regime',
  'subject',
  'refusal',
  'check',
  'loan',
  'platform',
];
const targets = [
  ...libs.map((lib) => `libs/${lib}/a.ts`),
  ...['store', 'service', 'spec'].map((suffix) => `libs/loan/a.${suffix}.ts`),
  'libs/loan/sums/index.ts',
  ...['store', 'service', 'dto', 'controller', 'module'].map((suffix) => `apps/lender/a.${suffix}.ts`),
  ...[
    'apps/citizen/a.ts',
    'apps/tool/a.ts',
    'apps/tool/a.controller.ts',
    'apps/lender/config.ts',
    'test/support/a.ts',
  ],
];

interface Summary {
  readonly violations: readonly Violation[];
  readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
}

/** Runs dependency-cruiser in a tree, with the project's rules. */
function cruise(tree: string): Summary {
  const config = relative(tree, join(root, '.dependency-cruiser.mjs'));
  const folders = ['apps', 'libs', 'migrations', 'test'];
  const args = [cruiser, '--config', config, '--output-type', 'json', ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser said: ${stderr || stdout}`);
  return (JSON.parse(stdout) as { summary: Summary }).summary;
}

describe('every rule about imports', () => {
  let tree: string;
  let summary: Summary;

  beforeAll(() => {
    mkdirSync(join(root, '.build'), { recursive: true });
    tree = mkdtempSync(join(root, '.build', 'boundaries-')); // Below the root, so that packages are found.
    cpSync(join(root, 'package.json'), join(tree, 'package.json'));
    const files = new Map(targets.map((file) => [file, 'export const a = 1;\n']));
    files.set('libs/loan/hen.ts', `import './egg.js';\n`); // A circle is named once, at one of its files.
    for (const [file, ...specifiers] of Object.values(plants).flat()) {
      const lines = specifiers.map((specifier) => {
        const passedOn = /^export \* from (.+)$/.exec(specifier)?.[1];
        return passedOn === undefined ? `import '${specifier}';` : `export * from '${passedOn}';`;
      });
      files.set(file, `${lines.join('\n')}\nexport const a = 1;\n`);
    }
    for (const [file, source] of files) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), source);
    }
    summary = cruise(tree);
  });

  afterAll(() => {
    rmSync(tree, { recursive: true, force: true });
  });

  it('has a plant that breaks it', () => {
    expect(Object.keys(plants).sort()).toEqual(summary.ruleSetUsed.forbidden.map(({ name }) => name).sort());
  });

  it.each(Object.entries(plants).flatMap(([rule, files]) => files.map(([file]) => [rule, file] as const)))(
    '%s bites in %s',
    (rule, file) => {
      expect(
        summary.violations.filter(({ from }) => from === file).map((violation) => violation.rule.name),
      ).toContain(rule);
    },
  );

  it('leaves alone what the plants import', () => {
    const bitten = summary.violations.filter(({ from }) => targets.includes(from));
    expect(bitten).toEqual([]);
  });
});

it('the tree itself breaks none of them', () => {
  const found = cruise(root).violations.map((violation) => `${violation.rule.name}: ${violation.from}`);
  expect(found).toEqual([]);
}, 60_000);
