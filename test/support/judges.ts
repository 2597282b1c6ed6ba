/**
 * Programs outside this project, or copied out of it, that judge the same evidence: Go's checksum database, and the
 * verifiers of docs/verify in TypeScript, Python and Go as somebody would run them who has copied only that file.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

/** Where Debian puts golang-golang-x-mod-dev. */
const debianGoPath = '/usr/share/gocode';

/** One proof to be judged; hashes in base64. */
export interface BareProof {
  readonly leafHash: string;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly string[];
  readonly root: string;
}

export interface BareConsistency {
  readonly oldSize: number;
  readonly oldRoot: string;
  readonly size: number;
  readonly proof: readonly string[];
  readonly root: string;
}

export interface Judges {
  /** `holds: N entries`, or `refused: …` with the reason. */
  log(folder: string, vkey: string, witness: string): string;
  /** Whether each proof holds, by golang.org/x/mod/sumdb/tlog. */
  sumdb(proofs: readonly (BareProof | BareConsistency)[]): readonly boolean[];
  /** What each verifier of docs/verify answers to each question: the level, or `refused`. */
  verifiers(
    questions: readonly object[],
  ): Readonly<Record<'typescript' | 'python' | 'go', readonly string[]>>;
  /** What each of them answers to input of one line that may be saved in any way. */
  said(input: Buffer): readonly Readonly<Record<string, unknown>>[];
  close(): void;
}

/** Builds them once. @throws Error with what the compiler said */
export function openJudges(): Judges {
  const folder = mkdtempSync(join(tmpdir(), 'tyiym-judges-'));
  const [judge, goVerify, tsVerify] = [
    join(folder, 'judge'),
    join(folder, 'verify'),
    join(folder, 'verify.mjs'),
  ];
  goBuild(folder, 'test/support/judge.go', judge);
  goBuild(folder, 'docs/verify/verify.go', goVerify);
  // Types taken away and nothing else, so that it is the file itself which runs on any Node.
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(
    tsVerify,
    ts.transpileModule(readFileSync('docs/verify/verify.ts', 'utf8'), { compilerOptions }).outputText,
  );
  cpSync('docs/verify/verify.py', join(folder, 'verify.py'));
  const lines = (of: readonly object[]): string => of.map((each) => `${JSON.stringify(each)}\n`).join('');
  const levels = (out: string): readonly string[] =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level?: string }).level ?? 'refused');
  return {
    log: (of, vkey, witness) => run(folder, [judge, 'log', of, vkey, witness]).trimEnd(),
    sumdb: (proofs) =>
      run(folder, [judge, 'proofs'], lines(proofs))
        .trimEnd()
        .split('\n')
        .map((line) => line === 'true'),
    verifiers: (questions) => {
      const input = lines(questions);
      return {
        typescript: levels(run(folder, [process.execPath, tsVerify], input)),
        python: levels(run(folder, ['python3', 'verify.py'], input)),
        go: levels(run(folder, [goVerify], input)),
      };
    },
    said: (input) =>
      [[process.execPath, tsVerify], ['python3', 'verify.py'], [goVerify]].map(
        (command) => JSON.parse(run(folder, command, input)) as Readonly<Record<string, unknown>>,
      ),
    close: () => rmSync(folder, { recursive: true }),
  };
}

function goBuild(folder: string, source: string, out: string): void {
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: debianGoPath,
    GOFLAGS: '',
    GOCACHE: join(folder, 'go'),
  };
  const { status, stderr, error } = spawnSync('go', ['build', '-o', out, source], { env, encoding: 'utf8' });
  assert.equal(status, 0, `go build ${source}: ${stderr}${String(error ?? '')}`);
}

/** What it wrote: its exit code only sums up the lines. */
function run(cwd: string, [command = '', ...args]: readonly string[], input: string | Buffer = ''): string {
  const { stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert(
    error === undefined && stdout !== '',
    `${command} ${args[0] ?? ''}: ${stderr}${String(error ?? '')}`,
  );
  return stdout;
}
