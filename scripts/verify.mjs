// `npm test`: proves the project, in the order in which a person wants to fail, and ends with `N passed, N failed`.
// Counted are the single tests of every jest run and one for every other step. `--long` adds what takes long; words
// choose the steps that hold one of them: `npm run verify -- boundaries tidy`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = dirname(import.meta.dirname);
const results = join(root, '.build', 'verify');
const isLong = process.argv.includes('--long');
const stepLimitMs = (isLong ? 60 : 25) * 60_000;

/** Steps that only read the sources: the first that fails ends the run, because the rest would say it again. */
const reading = [
  ['Every file is formatted', bin('prettier', 'bin/prettier.cjs', '--check', '--log-level=warn', '.')],
  ['No file breaks a lint rule', bin('eslint', 'bin/eslint.js', '.')],
  ['The types agree', bin('typescript', 'bin/tsc', '-p', 'tsconfig.test.json')],
  [
    'Imports keep to the boundaries',
    bin(
      ...['dependency-cruiser', 'bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.mjs'],
      ...['--output-type', 'err-long', 'apps', 'libs', 'migrations', 'test', 'scripts'],
    ),
  ],
  ['Nothing is dead', bin('knip', 'bin/knip.js')],
];

/** Steps that run the product: each says something of its own, so all of them run. */
const running = [
  ['The Debian tools that the tests use are there', haveTools],
  ['Rules and values behave, and the tree is tidy', jest('unit', 'apps', 'libs', 'test')],
  ['The product builds', node('scripts/build.mjs', '--if-older')],
  ['The committed OpenAPI documents are what the code says', node('scripts/openapi.mjs', '--check')],
  ['What lenders copy is what the OpenAPI document says', node('scripts/sdk.mjs', '--check')],
  ['The OpenAPI documents are sound', node('scripts/lint-openapi.mjs')],
  [
    'Migrations, grants, services and the launcher behave on a real PostgreSQL',
    jest('integration', 'test/integration'),
  ],
  // Each of its files starts a registry of ten processes: a third one beside two would only make all of them slow.
  ['The built processes do what the contract says', jest('e2e', 'test/e2e', '--maxWorkers=2')],
  ['Random histories agree with short models', jest('integration', 'test/property')],
  ['Concurrent histories have one order, whatever breaks', jest('integration', 'test/linearizability')],
  [
    'A short bench finds every answer right',
    node('test/bench/bench.mjs', '--correct', '--only', 'bare,typeorm,mtls,open,two,batch-100,dpop'),
  ],
];

/** Steps of `--long`: loads, soaks and faults that take more than minutes. */
const long = [
  ['A full disk loses nothing', jest('integration', 'test/long/disk-full')],
  ['A hundred thousand concurrent operations have one order', jest('integration', 'test/long/histories')],
  [
    'Two hundred thousand placings and lifts reach both bureaus once, whoever is killed meanwhile',
    jest('integration', 'test/long/feed'),
  ],
  [
    'Three million lines are taken over, and nobody twice',
    node(
      ...['--import', './test/support/typescript.mjs', 'test/long/going-live.ts'],
      ...['--people', '3000000', '--sources', 'egov', '--fsck'],
    ),
  ],
  ['Five minutes of checks leave memory as it was', node('test/bench/bench.mjs', '--soak', '300')],
];

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const outcomes = [];
const failures = [];

function node(...args) {
  return () => one(spawn(process.execPath, args));
}

function bin(name, path, ...args) {
  return node(join('node_modules', name, path), ...args);
}

function spawn(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', timeout: stepLimitMs }).status === 0;
}

function one(isGood) {
  return isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * A run of jest over these patterns and flags counts its tests; one that breaks down before or between them has failed once
 * more.
 */
function jest(project, ...patterns) {
  return () => {
    const names = patterns.filter((each) => !each.startsWith('-'));
    const file = join(results, `${names.join('-').replaceAll('/', '-')}.json`);
    rmSync(file, { force: true });
    const flags = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
    const report = ['--json', `--outputFile=${file}`];
    const isGood = spawn(process.execPath, [...flags, ...patterns, '--selectProjects', project, ...report]);
    let counts;
    try {
      counts = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      return one(false);
    }
    const { numPassedTests: passed, numFailedTests, numRuntimeErrorTestSuites } = counts;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    if (failed > 0) failures.push(...counts.testResults.flatMap(failuresOf));
    return { passed, failed: failed === 0 && !isGood ? 1 : failed };
  };
}

/** What failed in a file, each with the first lines of why: the end of a long output is what people are shown of it. */
function failuresOf({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  const file = relative(root, name);
  if (status === 'failed' && failed.length === 0) return [`${file}\n    ${firstLines(message)}`];
  return failed.map(
    ({ fullName, failureMessages }) => `${file}: ${fullName}\n    ${firstLines(failureMessages[0] ?? '')}`,
  );
}

function firstLines(text) {
  const lines = stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, 6)
    .join('\n    ');
}

/** What the tests run that npm does not bring: how to see that it is there, and the Debian package that has it. */
const tools = [
  ['openssl', () => answers('openssl', 'version')],
  ['python3', () => answers('python3', '--version')],
  ['postgresql-client', () => answers('psql', '--version')],
  ['zsh', () => answers('zsh', '--version')],
  ['golang-go', () => answers('go', 'version')],
  ['golang-golang-x-mod-dev', () => existsSync('/usr/share/gocode/src/golang.org/x/mod/sumdb')],
];

function answers(command, argument) {
  return spawnSync(command, [argument]).status === 0;
}

/** Root installs what is missing; an ordinary user is told which package to ask for. */
function haveTools() {
  const missing = () => tools.filter(([, isThere]) => !isThere()).map(([name]) => name);
  if (missing().length > 0 && process.getuid?.() === 0) {
    spawn('apt-get', ['update', '-qq']);
    spawn('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing()]);
  }
  const left = missing();
  if (left.length > 0)
    console.log(`The tests need what is missing here: install the Debian packages ${left.join(' ')}.`);
  return one(left.length === 0);
}

function run([sentence, step]) {
  console.log(`\n▸ ${sentence}`);
  const startedAt = performance.now();
  const counts = step();
  const took = performance.now() - startedAt;
  console.log(`${counts.failed === 0 ? '✓' : '✗'} ${sentence} (${seconds(took)})`);
  outcomes.push({ sentence, took, ...counts });
  return counts.failed === 0;
}

const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isChosen = ([sentence]) => words.length === 0 || words.some((word) => sentence.includes(word));

mkdirSync(results, { recursive: true });
if (reading.filter(isChosen).every(run)) [...running, ...(isLong ? long : [])].filter(isChosen).forEach(run);

console.log();
for (const { sentence, took, passed, failed } of outcomes) {
  console.log(
    `${failed === 0 ? '✓' : '✗'} ${seconds(took).padStart(8)}  ${sentence}: ${passed} passed, ${failed} failed`,
  );
}
for (const failure of failures) console.log(`✗ ${failure}`);
const sum = (name) => outcomes.reduce((total, outcome) => total + outcome[name], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = outcomes.length > 0 && sum('failed') === 0 ? 0 : 1;
