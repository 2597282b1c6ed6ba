import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { checkpointText, signNote } from '#libs/tlog/note.js';
import { emptyRoot } from '#libs/tlog/tree.js';
import { namedKey } from '../support/published-log.js';
import { checkBody, iins, makeHeadKey, receiptOf } from '../support/made-receipts.js';

const [iin, otherIin] = iins;
const folder = mkdtempSync(join(tmpdir(), 'tyiym-tool-'));
const [receiptFile, jwks] = [join(folder, 'receipt.json'), join(folder, 'jwks.json')];
let receipt: string;

beforeAll(async () => {
  const [key, seed] = [await makeHeadKey('lender'), randomBytes(32)];
  receipt = JSON.stringify(await receiptOf(key, { body: checkBody(seed, iin), seed }));
  writeFileSync(receiptFile, receipt);
  // The tool reads the clock of the machine, so this key lives until 2099.
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...key.jwk, exp: 4_070_908_800 }] }));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function tool(
  args: string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [resolve('dist/apps/tool/main.js'), ...args], {
    ...{ cwd, env: { ...process.env, ...env } },
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((end) => child.once('close', end));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

describe('the command line', () => {
  it('gives help when asked, and as an error when not', async () => {
    const asked = await tool(['--help']);
    expect(asked).toMatchObject({ code: 0, err: '' });
    expect(asked.out).toContain(
      'Exit codes: 0 done or yes, 1 no or refused, 2 wrong usage, 3 could not be done.',
    );
    expect(await tool([])).toMatchObject({ code: 2, out: '', err: asked.out });
  });

  it('gives help at once, because no command is loaded for it', async () => {
    const listing = mkdtempSync(join(tmpdir(), 'tyiym-loaded-'));
    await tool(['--help'], '', { NODE_V8_COVERAGE: listing });
    const loaded = readdirSync(listing)
      .map((name) => JSON.parse(readFileSync(join(listing, name), 'utf8')) as { result: { url: string }[] })
      .flatMap(({ result }) => result.map(({ url }) => url))
      .filter((url) => url.startsWith('file:') && !url.includes('/node_modules/commander/'));
    rmSync(listing, { recursive: true });
    expect(loaded).toEqual([pathToFileURL('dist/apps/tool/main.js').href]);
  });

  it('knows every command of its table', async () => {
    const listed = (await tool(['--help'])).out.matchAll(/^ {2}(\w+) (?=.*\[options\])/gm);
    const names = [...listed].map(([, name]) => String(name));
    expect(names).toEqual(expect.arrayContaining(['migrate', 'keygen', 'party', 'verify']));
    const helps = await Promise.all(names.map((name) => tool([name, '--help'])));
    helps.forEach(({ code, out, err }, at) => {
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(`Usage: tool ${names[at]}`);
    });
  });

  it('names the command that was probably meant', async () => {
    const { code, err } = await tool(['verfy', receiptFile]);
    expect({ code, err }).toEqual({
      code: 2,
      err: "error: unknown command 'verfy'\n(Did you mean verify?)\n",
    });
  });

  it.each([
    [['verify', '--jwks', 'y'], 'say what to verify'],
    [['verify', 'package.json'], 'say by what to judge'],
    [['verify', 'x', '--jwks', 'y', '--nothing'], "unknown option '--nothing'"],
    [['verify', 'x', '--jwks', 'y', '--expect', 'clear'], 'Say it as member=value.'],
    [['verify', '-', '--jwks', 'y', '--iin-stdin'], 'either the receipt or the IIN'],
    [['open'], 'say one of --draft <file>, --apply <file>, --founding'],
    [['key', 'retire', 'x', '--founding', '--draft', 'y'], 'say one of --draft <file>, --apply <file>'],
  ])('calls %p wrong usage', async (args, why) => {
    const { code, out, err } = await tool(args, '');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(why);
  });

  it('says wrong usage in JSON, too, when asked', async () => {
    const { code, out, err } = await tool(['verify', 'x', '--jwks', 'y', '--nothing', '--json']);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toEqual({
      error: { code: 'wrong-usage', message: "unknown option '--nothing'" },
    });
  });

  it.each(['fsck', 'doctor'])('says what to do when %s finds no configuration', async (name) => {
    const { code, err } = await tool([name], '', { TYIYM_HOME: folder });
    expect(code).toBe(3);
    expect(err).toBe(
      `failed: ${join(folder, 'config', 'tool.json')} is not there: ` +
        'start the sandbox (npm start), set TYIYM_HOME, or name a configuration with --config\n',
    );
  });

  it.each([
    [['check', 'egov-portal', 'anybody'], 'no such party with scope checks; there are: bank-alpha\n'],
    [['assertion', 'bank-alpha', 'anybody'], 'no such party with scope citizen; there are: egov-portal\n'],
  ])('%p names those who could', async (args, why) => {
    const party = (name: string, scope: string) => ({ name, scopes: [scope], keyFile: 'k', certFile: 'c' });
    const parties = [party('egov-portal', 'citizen'), party('bank-alpha', 'checks')];
    writeFileSync(join(folder, 'sandbox.json'), JSON.stringify({ tlsCaFile: 'ca', parties, citizens: [] }));
    expect(await tool(args, '', { TYIYM_HOME: folder })).toEqual({ code: 2, out: '', err: why });
  });

  it('takes nothing from a sandbox that somebody left in the current folder', async () => {
    const downloads = mkdtempSync(join(tmpdir(), 'tyiym-downloads-'));
    const planted = join(downloads, '.sandbox');
    mkdirSync(join(planted, 'config'), { recursive: true });
    writeFileSync(join(planted, 'config', 'tool.json'), '{}');
    const checkpoint = join(downloads, 'checkpoint.txt');
    const stranger = namedKey('stranger.example/log', 'note');
    const body = checkpointText(stranger.name, 0, emptyRoot);
    writeFileSync(checkpoint, signNote(body, stranger.name, stranger.key));
    writeFileSync(
      join(planted, 'sandbox.json'),
      JSON.stringify({ logVkeys: [stranger.vkey], witnesses: [] }),
    );
    try {
      const unasked = await tool(['verify', checkpoint], '', {}, downloads);
      expect(unasked).toMatchObject({ code: 1, out: expect.stringContaining('not valid') });
      expect(unasked.err).not.toContain(downloads);
      for (const command of ['fsck', 'doctor'])
        expect((await tool([command], '', {}, downloads)).err).not.toContain(downloads);
      // Who names the folder is told which file decided.
      const asked = await tool(['verify', checkpoint], '', { TYIYM_HOME: planted }, downloads);
      expect(asked).toMatchObject({ code: 0, err: expect.stringContaining(join(planted, 'sandbox.json')) });
    } finally {
      rmSync(downloads, { recursive: true });
    }
  });

  it('says what could not be done, in JSON when asked', async () => {
    const missing = join(folder, 'nothing.json');
    const { code, err } = await tool(['verify', missing, '--jwks', jwks]);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('ENOENT') });
    const json = await tool(['verify', missing, '--jwks', jwks, '--json']);
    expect(json).toMatchObject({ code: 3, err: '' });
    expect(JSON.parse(json.out)).toEqual({
      error: { code: 'failed', message: expect.stringContaining('ENOENT') },
    });
  });
});

describe('tool verify', () => {
  it('says yes from a file or standard input', async () => {
    const file = await tool(['verify', receiptFile, '--jwks', jwks, '--expect', 'verdict=clear']);
    expect(file).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^valid: signed\n {2}At /) });
    expect(await tool(['verify', '-', '--jwks', jwks], receipt)).toMatchObject({ code: 0, out: file.out });
  });

  it('says no, with the same codes in text and JSON', async () => {
    const args = ['verify', receiptFile, '--jwks', jwks, '--expect', 'verdict=refused'];
    expect(await tool(args)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^not valid: .*\(expectation-differs\)\n$/),
    });
    const { code, out } = await tool([...args, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, code: 'expectation-differs' });
    expect(
      await tool(['verify', receiptFile, '--jwks', jwks, '--origin', 'tyiym.kz/journal/1']),
    ).toMatchObject({
      code: 1,
      out: expect.stringContaining('(origin-differs)'),
    });
  });

  it('compares the person by an IIN that only standard input ever holds, and never says it', async () => {
    const args = ['verify', receiptFile, '--jwks', jwks, '--iin-stdin', '--json'];
    const same = await tool(args, `${iin}\n`);
    expect(JSON.parse(same.out)).toMatchObject({ valid: true, level: 'signed', person: 'shown' });
    const other = await tool(args, otherIin);
    expect(JSON.parse(other.out)).toMatchObject({ valid: false, code: 'person-differs' });
    const malformed = await tool(args, iin.slice(1));
    expect(malformed).toMatchObject({ code: 2, out: expect.stringContaining('standard input holds no IIN') });
    for (const { out, err } of [same, other, malformed])
      expect(out + err).not.toMatch(new RegExp(`${iin}|${otherIin}|${iin.slice(1)}`));
  });
});
