import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCertificate } from '../../apps/sandbox/nca/issue.js';
import { authorityExtensions, createAuthority } from '../../apps/sandbox/nca/nca.js';
import { ConfigError, loadConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-config-'));
beforeAll(async () => {
  const at = Date.parse('2026-11-23T00:00:00.000Z');
  const national = await issueCertificate({
    subject: [{ C: ['KZ'] }, { CN: ['National Root'] }],
    keyKind: 'ec',
    from: at,
    to: at + 1000,
    extensions: authorityExtensions(1),
  });
  const { root } = await createAuthority({ at });
  writeFileSync(join(folder, 'national.pem'), national.certPem);
  writeFileSync(join(folder, 'sandbox.pem'), root.certPem);
  writeFileSync(join(folder, 'both.pem'), `${national.certPem}${root.certPem}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(sandbox: boolean, root: string): unknown {
  const file = join(folder, 'tool.json');
  const database = { host: 'localhost', port: 5432, name: 'tyiym', user: 'tyiym_tool', passwordFile: 'p' };
  const addresses = { issuer: 'https://access.example.kz', logBase: 'https://log.example.kz' };
  const origin = `${sandbox ? 'sandbox.' : ''}tyiym.kz/journal/1`;
  const nca = { rootFiles: [root], intermediateFiles: [], crlUrls: {} };
  writeFileSync(
    file,
    JSON.stringify({ app: 'tool', sandbox, origin, database, keysDir: 'keys', ...addresses, nca }),
  );
  try {
    return loadConfig(file).nca?.rootFiles;
  } catch (error) {
    return error;
  }
}

describe('a configuration', () => {
  it.each([
    ['production', false, 'sandbox.pem'],
    ['production', false, 'both.pem'],
    ['the sandbox', true, 'national.pem'],
  ])('of %s (sandbox: %s) with a root of the other side is refused: %s', (_, sandbox, root) => {
    const refused = load(sandbox, root);
    expect(refused).toBeInstanceOf(ConfigError);
    expect(String(refused)).toContain('nca.rootFiles');
  });

  it.each([
    [false, 'national.pem'],
    [true, 'sandbox.pem'],
  ])('with its own roots is taken (sandbox: %s)', (sandbox, root) => {
    expect(load(sandbox, root)).toEqual([join(folder, root)]);
  });
});
