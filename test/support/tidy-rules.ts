/**
 * The conventions that a program can check, one rule a sentence: `find` names every place in a tree that breaks it, and
 * `breaks` is a tree that does, so that a rule which cannot fail is found out by `tidy.spec.ts`.
 */
import ts from 'typescript';

/** Path from the root, with slashes, to the text. */
export type Files = Readonly<Record<string, string>>;

export interface Tree {
  readonly files: Files;
  /** Folders with nothing in them. */
  readonly emptyFolders: readonly string[];
}

export interface Rule {
  readonly sentence: string;
  find(tree: Tree): string[];
  /** Files, or empty folders when the name ends with a slash; the rule must name each key. */
  readonly breaks: Files;
}

const isSource = (path: string) => /^(apps|libs|migrations|test|scripts)\/.+\.(ts|mjs|js)$/.test(path);
const isProduct = (path: string) =>
  /^(apps|libs|migrations)\/.+\.ts$/.test(path) && !path.endsWith('.spec.ts');
const isOutside = (path: string) => path.startsWith('apps/sandbox/');
const isText = (path: string) => path !== 'package-lock.json' && !/^test\/(vectors|corpus)\//.test(path);
const isTable = (path: string) => path === 'libs/problem/catalogue.ts';

const lineLimit = 400;
const functionLimit = 70;
const architectureLimit = 200;
const forbiddenFolders = 'common shared utils helpers core types interfaces dto entities'.split(' ');
const suffixes =
  'store dto service controller guard strategy filter worker client command module spec d'.split(' ');

/** A rule that looks at each chosen file alone: `look` returns what is wrong, or nothing. */
function perFile(
  sentence: string,
  chosen: (path: string) => boolean,
  look: (path: string, text: string) => readonly string[],
  breaks: Files,
): Rule {
  const find = ({ files }: Tree) =>
    Object.entries(files)
      .filter(([path]) => chosen(path))
      .flatMap(([path, text]) => look(path, text).map((what) => (what ? `${path}: ${what}` : path)));
  return { sentence, find, breaks };
}

/** Every node of a source for which `name` returns a text, as `line N: text`. */
function nodesIn(path: string, text: string, name: (node: ts.Node) => string | undefined): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const what = name(node);
    if (what !== undefined) {
      found.push(`line ${String(source.getLineAndCharacterOfPosition(node.getStart()).line + 1)}: ${what}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function linesOf(node: ts.Node): number {
  const source = node.getSourceFile();
  const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart()) + 1;
}

/** The function of `describe(…)` holds a chapter of tests and has no length of its own. */
function isChapter(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression.getText().startsWith('describe');
}

function longFunction(node: ts.Node): string | undefined {
  if (!ts.isFunctionLike(node) || isChapter(node)) return undefined;
  const lines = linesOf(node);
  return lines > functionLimit ? `a function of ${String(lines)} lines` : undefined;
}

function impureTime(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) {
    return 'new Date()';
  }
  if (!ts.isCallExpression(node)) return undefined;
  const called = node.expression.getText();
  return ['Date', 'Date.now', 'Math.random', 'performance.now'].includes(called) ? `${called}()` : undefined;
}

function calls(name: string) {
  return (node: ts.Node) =>
    ts.isCallExpression(node) && node.expression.getText() === name ? `${name}()` : undefined;
}

function environment(node: ts.Node): string | undefined {
  return ts.isPropertyAccessExpression(node) && node.getText() === 'process.env' ? 'process.env' : undefined;
}

function vagueName(node: ts.Node): string | undefined {
  const isNamed =
    ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
  const name = isNamed ? (node.name?.text ?? '') : '';
  return /.(Manager|Helper|Processor|Data|Info|Impl|Base)$/.test(name) ? name : undefined;
}

function emptyProof(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const called = node.expression.getText();
  const found = /\.toBeDefined$|^jest\.mock$|^(it|test|describe)\.only$/.exec(called)?.[0];
  return found === undefined ? undefined : `${found}()`;
}

const matches = (pattern: RegExp) => (_: string, text: string) =>
  [...text.matchAll(pattern)].map(
    (match) => `line ${String(text.slice(0, match.index).split('\n').length)}: ${match[0]}`,
  );

/** dependency-cruiser sees no `export type … from`, so that the no-barrels rule alone lets it through. */
function passesOn(node: ts.Node): string | undefined {
  return ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined ? node.getText() : undefined;
}

// Written in pieces, because this file obeys the rules it holds.
const toDo = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`, 'g');
const machinePath = new RegExp(`(?<![\\w.~}])/(${['home', 'work', 'root', 'Users'].join('|')})/`, 'g');
const registryHost = new RegExp(['registry\\.npmjs', 'npmjs\\.org', 'registry\\.yarnpkg'].join('|'), 'g');

const longText = (lines: number) => `/** Long. */\n${'1;\n'.repeat(lines)}`;
const longBody = `function long() {\n${'1;\n'.repeat(functionLimit)}}`;

export const rules: readonly Rule[] = [
  perFile(
    `no source file has more than ${String(lineLimit)} lines`,
    (path) => isSource(path) && !isTable(path),
    (_, text) => (text.split('\n').length - 1 > lineLimit ? [''] : []),
    { 'libs/loan/loan.ts': longText(lineLimit), 'test/e2e/loan.spec.ts': longText(lineLimit) },
  ),
  perFile(
    `no function has more than ${String(functionLimit)} lines`,
    (path) => isSource(path) && !path.startsWith('migrations/'), // There a function holds one text of SQL.
    (path, text) => nodesIn(path, text, longFunction),
    {
      'libs/loan/declared.ts': longBody,
      'libs/loan/method.ts': `class Loan { ${longBody.replace('function ', '')} }`,
      'test/loan.spec.ts': `it('is long', ${longBody.replace('function long() ', '() => ')})`,
    },
  ),
  perFile(
    'every source file says at its head what it is for',
    (path) => isSource(path) && !path.endsWith('.spec.ts'),
    (_, text) => (/^(#!.*\n)?(\/\*\*[\s*]+[\w`]|\/\/ [\w`])/.test(text) ? [] : ['']),
    {
      'libs/loan/loan.ts': 'export const a = 1;\n',
      'migrations/0009-loan.ts': '/** */\nexport const a = 1;\n',
    },
  ),
  perFile(
    'a name is imported from the file that defines it, types included',
    (path) => isSource(path),
    (path, text) => nodesIn(path, text, passesOn),
    {
      'libs/loan/barrel.ts': `export type { Loan } from './loan.js';`,
      'apps/lender/barrel.ts': `export { loanOf } from './loan.js';`,
      'test/support/barrel.ts': `export * from './loan.js';`,
    },
  ),
  perFile(
    'time and chance are arguments: only platform asks the machine for them',
    (path) => isProduct(path) && !isOutside(path) && !path.startsWith('libs/platform/'),
    (path, text) => nodesIn(path, text, impureTime),
    {
      'libs/loan/a.ts': 'export const at = new Date();',
      'libs/loan/b.ts': 'export const at = Date.now();',
      'apps/lender/c.service.ts': 'export const chance = Math.random();',
    },
  ),
  perFile(
    'only a client fetches',
    (path) => isProduct(path) && !isOutside(path) && !path.endsWith('.client.ts'),
    (path, text) => nodesIn(path, text, calls('fetch')),
    { 'apps/lender/a.service.ts': `await fetch('http://example.kz');` },
  ),
  perFile(
    'only platform, wiring, tool and sandbox read the environment',
    (path) => isProduct(path) && !/^libs\/platform\/|^apps\/(tool|sandbox)\/|\/(main|config)\.ts$/.test(path),
    (path, text) => nodesIn(path, text, environment),
    { 'libs/loan/a.ts': `export const port = process.env['PORT'];` },
  ),
  perFile(
    'no name ends with a word that says nothing',
    isSource,
    (path, text) => nodesIn(path, text, vagueName),
    { 'libs/loan/a.ts': 'class LoanManager {}', 'libs/loan/b.ts': 'interface LoanData {}' },
  ),
  perFile(
    'no test passes whatever happens, runs alone, or mocks a module that ESM does not let it mock',
    (path) => path.endsWith('.spec.ts'),
    (path, text) => nodesIn(path, text, emptyProof),
    {
      'libs/loan/a.spec.ts': 'expect(loan).toBeDefined();',
      'libs/loan/b.spec.ts': `it.only('runs', () => {});`,
      'libs/loan/c.spec.ts': `jest.mock('./loan.js');`,
    },
  ),
  perFile(
    'every file name is kebab-case with a known suffix',
    (path) => /^(apps|libs|migrations|test)\/.+\.ts$/.test(path),
    (path) => {
      const [name = '', ...rest] = path.slice(path.lastIndexOf('/') + 1, -'.ts'.length).split('.');
      const isKnown =
        /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && rest.every((suffix) => suffixes.includes(suffix));
      return isKnown ? [] : [''];
    },
    { 'libs/loan/loanBook.ts': '', 'libs/loan/loans.repository.ts': '', 'test/Loan.spec.ts': '' },
  ),
  perFile(
    'no folder has a name that holds anything',
    (path) => /^(apps|libs|test)\//.test(path),
    (path) =>
      path
        .split('/')
        .slice(0, -1)
        .filter((folder) => forbiddenFolders.includes(folder)),
    Object.fromEntries(forbiddenFolders.map((folder) => [`libs/${folder}/a.ts`, ''])),
  ),
  {
    sentence: 'no folder is empty',
    find: ({ emptyFolders }) => [...emptyFolders],
    breaks: { 'apps/lender/loans/': '' },
  },
  perFile('nothing is left to do in a comment', isText, matches(toDo), {
    'libs/loan/a.ts': `// ${'TO' + 'DO'}: later`,
    'README.md': `${'FIX' + 'ME'}`,
  }),
  perFile('no file names a path of somebody’s machine', isText, matches(machinePath), {
    'README.md': `Run it in \`${'/ho' + 'me'}/somebody/tyiym\`.`,
    'libs/loan/a.ts': `const dir = '${'/ro' + 'ot'}/tyiym';`,
    '.ci/run': `cd ${'/wo' + 'rk'}/tyiym`,
  }),
  perFile('no file names a package registry', () => true, matches(registryHost), {
    'package-lock.json': `"resolved": "https://${'registry.npm' + 'js'}.org/a"`,
    'README.md': `npm --registry https://${'registry.npm' + 'js'}.org`,
  }),
  perFile(
    `ARCHITECTURE.md has at most ${String(architectureLimit)} lines`,
    (path) => path === 'ARCHITECTURE.md',
    (_, text) => (text.split('\n').length - 1 > architectureLimit ? [''] : []),
    { 'ARCHITECTURE.md': longText(architectureLimit) },
  ),
  {
    sentence: 'nest-cli.json lists every app and library, and nothing else',
    find: ({ files }) => {
      const { projects } = JSON.parse(files['nest-cli.json'] ?? '{"projects":{}}') as {
        projects: Readonly<Record<string, { readonly root: string }>>;
      };
      const roots = Object.values(projects).map(({ root }) => `${root}/`);
      const paths = Object.keys(files).filter((path) => /^(apps|libs)\//.test(path));
      const missing = paths.filter((path) => !roots.some((root) => path.startsWith(root)));
      const gone = roots.filter((root) => !paths.some((path) => path.startsWith(root)));
      return [...missing, ...gone.map((root) => `nest-cli.json: ${root}`)];
    },
    breaks: { 'libs/loan/a.ts': '', 'nest-cli.json': '{"projects":{"x":{"root":"apps/x"}}}' },
  },
];
