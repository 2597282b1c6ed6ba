// `npm run bench`: checks over mutual TLS against a bare Fastify behind the same TLS, interleaved in one run, medians of
// the rounds; client, server and PostgreSQL share the machine. `--json` prints JSON, `--rounds N` and `--seconds N` set
// the length. It ends by itself and fails when an answer is wrong or a sampled receipt does not verify.
import { execFileSync, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { verifyReceipt } from '../../dist/libs/journal/verify-receipt.js';
import { hammer } from './hammer.mjs';

const root = dirname(dirname(import.meta.dirname));
const number = (flag, otherwise) => {
  const at = process.argv.indexOf(flag);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const rounds = number('--rounds', 3);
const ms = number('--seconds', 5) * 1000;
const base = 15_000;
const barePort = base + 35;
const home = mkdtempSync(join(tmpdir(), 'tyiym-bench-'));
const env = { ...process.env, TYIYM_HOME: home, TYIYM_PORT_BASE: String(base), DATABASE_URL: undefined };
delete env.DATABASE_URL;
const at = (file) => join(home, file);

const sandbox = fork(join(root, 'dist/apps/sandbox/main.js'), [], { env, silent: true });
let bare;
try {
  await ready(sandbox);
  const facts = JSON.parse(readFileSync(at('sandbox.json'), 'utf8'));
  bare = fork(join(import.meta.dirname, 'bare.mjs'), [
    String(barePort),
    at('tls/server.pem'),
    at('tls/server.key'),
  ]);
  await once(bare, 'message');
  const results = await measure(facts);
  print(results);
  if (results.some(({ failed }) => failed > 0)) throw new Error('some answers were wrong');
} finally {
  bare?.kill();
  if (sandbox.exitCode === null) {
    sandbox.kill('SIGTERM');
    await once(sandbox, 'exit');
  }
  rmSync(home, { recursive: true, force: true });
}

/** Each contestant in turn, round after round, so that a busy minute of the machine falls on all. */
async function measure(facts) {
  const bank = facts.parties.find(({ name }) => name === 'bank-alpha');
  const tls = {
    ca: readFileSync(at(facts.tlsCaFile)),
    cert: readFileSync(at(bank.certFile)),
    key: readFileSync(at(bank.keyFile)),
  };
  const jwks = await (await request(`${facts.urls.log}/.well-known/jwks.json`)).body.json();
  const iins = facts.citizens.map(({ iin }) => iin);
  const question = (n) => ({
    iin: iins[n % iins.length],
    product: 'bank-loan',
    stage: 'decision',
    loanRef: `bench-${n}`,
  });
  const look = async ({ receipt }) => {
    await verifyReceipt(receipt, jwks, { now: Math.floor(Date.now() / 1000) });
  };
  const runs = [16, 64, 256].flatMap((connections) => [
    { name: 'bare', connections, url: `https://127.0.0.1:${barePort}` },
    { name: 'check', connections, url: facts.urls.lenderTls, look },
  ]);
  const outcomes = runs.map((run) => ({ ...run, rounds: [] }));
  for (let round = 0; round < rounds; round += 1)
    for (const outcome of outcomes) {
      // A token lives 300 s, a round is shorter.
      const token = execFileSync(
        process.execPath,
        [join(root, 'dist/apps/tool/main.js'), 'token', 'bank-alpha'],
        {
          env,
          encoding: 'utf8',
        },
      ).trim();
      const ask = (n) => ({
        path: '/v1/checks',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify(question(n)),
      });
      const { url, connections } = outcome;
      outcome.rounds.push(
        await hammer({ url, tls, connections, ms, request: ask, status: 201, look: outcome.look }),
      );
      process.stderr.write('.');
    }
  process.stderr.write('\n');
  return outcomes.map(({ name, connections, rounds: all }) => ({
    name,
    connections,
    perSecond: Math.round(median(all.map(({ perSecond }) => perSecond))),
    spread: [Math.min, Math.max].map((pick) => Math.round(pick(...all.map(({ perSecond }) => perSecond)))),
    p50: median(all.map(({ p50 }) => p50)),
    p99: median(all.map(({ p99 }) => p99)),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
  }));
}

function print(results) {
  if (process.argv.includes('--json')) return console.log(JSON.stringify(results));
  console.log('              connections      /s   (spread)          p50 ms   p99 ms   of bare   failed');
  for (const { name, connections, perSecond, spread, p50, p99, failed } of results) {
    const reference = results.find((other) => other.name === 'bare' && other.connections === connections);
    const part = (perSecond / (reference?.perSecond ?? perSecond)).toFixed(3);
    console.log(
      [
        name.padEnd(14),
        String(connections).padStart(11),
        String(perSecond).padStart(8),
        `  (${spread.join('–')})`.padEnd(18),
        p50.toFixed(1).padStart(8),
        p99.toFixed(1).padStart(8),
        part.padStart(9),
        String(failed).padStart(8),
      ].join(' '),
    );
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

async function ready(child) {
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.includes('tyiym is ready')) return void child.stdout.resume();
  }
  throw new Error(`the sandbox did not start:\n${said}`);
}
