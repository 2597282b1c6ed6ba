// A step of every release: writes the bill of materials (CycloneDX) of what runs in production, and asks the registry for
// advisories about it. Ends with 0 when no advisory stands open, 1 when one does, 3 when the registry could not be asked,
// because a question without an answer is no good news. `--out <dir>` says where the two files go,
// `--accepted <file>` which advisories are accepted (docs/advisories.json).
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeAdvisories } from './advisories.mjs';

const root = dirname(import.meta.dirname);
const { values } = parseArgs({ options: { out: { type: 'string' }, accepted: { type: 'string' } } });
const out = resolve(values.out ?? join(root, '.build', 'release'));
const acceptedFile = resolve(values.accepted ?? join(root, 'docs', 'advisories.json'));
mkdirSync(out, { recursive: true });

/** What npm prints of the packages of production, as JSON. Its exit code says whether it found something, too. */
function askNpm(...args) {
  const asked = spawnSync('npm', [...args, '--omit', 'dev'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  try {
    return JSON.parse(asked.stdout);
  } catch {
    return undefined;
  }
}

function writeJson(name, value) {
  const file = join(out, name);
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  return file;
}

const sbom = askNpm('sbom', '--sbom-format', 'cyclonedx');
if (sbom === undefined) {
  console.error('npm could not make the bill of materials: run `npm ci` first.');
  process.exit(3);
}
// npm names the product after the folder of the checkout.
sbom.metadata.component.name = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name;
console.log(`${sbom.components.length} packages: ${writeJson('sbom.cdx.json', sbom)}`);

const audit = askNpm('audit', '--json');
if (audit?.vulnerabilities === undefined) {
  console.error(`The registry gave no advisories: ${audit?.message ?? 'no answer'}`);
  console.error('Run this again where the registry of npm can be asked; do not release without it.');
  process.exit(3);
}
const accepted = JSON.parse(readFileSync(acceptedFile, 'utf8'));
const { open, stale } = judgeAdvisories(audit, accepted, new Date());
writeJson('advisories.json', { askedAt: new Date().toISOString(), open, accepted });
for (const { id, name, severity, title } of open)
  console.error(`open: ${severity} in ${name}: ${title} (${id})`);
for (const { id } of stale) console.error(`no longer an advisory, take it out of ${acceptedFile}: ${id}`);
if (open.length > 0) {
  console.error(`Upgrade, or write into ${acceptedFile} why it does not reach us, and until when.`);
  process.exit(1);
}
console.log('No advisory stands open.');
