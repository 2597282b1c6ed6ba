import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCertificate } from '../../apps/sandbox/nca/issue.js';
import { authorityExtensions, createAuthority } from '../../apps/sandbox/nca/nca.js';
import { isIin } from '#libs/subject/iin.js';
import { checkConfig, ConfigError, loadConfig } from './config.js';

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
  const test = await issueCertificate({
    subject: [{ CN: ['НЕГІЗГІ КО TEST (RSA)'] }, { C: ['KZ'] }],
    keyKind: 'ec',
    from: at,
    to: at + 1000,
    extensions: authorityExtensions(1),
  });
  writeFileSync(join(folder, 'test.pem'), test.certPem);
  writeFileSync(join(folder, 'both.pem'), `${national.certPem}${root.certPem}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(sandbox: boolean, root: string, more: object = {}): unknown {
  const file = join(folder, 'tool.json');
  const database = { host: 'localhost', port: 5432, name: 'tyiym', user: 'tyiym_tool', passwordFile: 'p' };
  const addresses = { issuer: 'https://access.example.kz', logBase: 'https://log.example.kz' };
  const origin = `${sandbox ? 'sandbox.' : ''}tyiym.kz/journal/1`;
  const nca = { rootFiles: [root], intermediateFiles: [], crlUrls: {} };
  writeFileSync(
    file,
    JSON.stringify({ app: 'tool', sandbox, origin, database, keysDir: 'keys', ...addresses, nca, ...more }),
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
    ['production', false, 'test.pem'],
    ['the sandbox', true, 'test.pem'],
  ])('of %s (sandbox: %s) with a root of the other side is refused: %s', (_, sandbox, root) => {
    const refused = load(sandbox, root);
    expect(refused).toBeInstanceOf(ConfigError);
    expect(String(refused)).toContain('nca.rootFiles');
  });

  const testContour = { numbers: ['123456789011'] };

  it('of a sandbox with a test contour takes the roots of that, but never national ones', () => {
    expect(load(true, 'sandbox.pem', { testContour })).toEqual([join(folder, 'sandbox.pem')]);
    expect(load(true, 'test.pem', { testContour })).toEqual([join(folder, 'test.pem')]);
    expect(String(load(true, 'national.pem', { testContour }))).toContain('nca.rootFiles');
    expect(isIin('123456789011')).toBe(true);
  });

  it.each([{}, { numbers: ['12345678901'] }, { numbers: ['000000000000'] }, { numbers: [7] }])(
    'with a test contour of %j is refused',
    (contour) => {
      expect(String(load(true, 'sandbox.pem', { testContour: contour }))).toContain('testContour');
    },
  );

  it('of production with a test contour is refused, whatever its roots', () => {
    expect(String(load(false, 'national.pem', { testContour }))).toContain(
      'testContour: belongs to a sandbox',
    );
  });

  it.each([
    [false, 'national.pem'],
    [true, 'sandbox.pem'],
  ])('with its own roots is taken (sandbox: %s)', (sandbox, root) => {
    expect(load(sandbox, root)).toEqual([join(folder, root)]);
  });
});

describe('outside of the sandbox', () => {
  const database = { host: 'localhost', port: 5432, name: 'tyiym', user: 'tyiym_lender', passwordFile: 'p' };
  const production = {
    ...{ app: 'lender', sandbox: false, origin: 'tyiym.kz/journal/1', keysDir: 'keys', database },
    ...{ issuer: 'https://access.example.kz', logBase: 'https://log.example.kz' },
    acts: { founding: 'a'.repeat(43), kid: 'b'.repeat(43) },
    publicBase: 'https://lender.example.kz',
    listen: { host: '0.0.0.0', port: 8081, proxies: ['10.0.0.7', '10.1.0.0/16', '2001:db8::/48'] },
  };
  const faults = (changes: object): string => {
    try {
      checkConfig({ ...production, ...changes }, 'lender.json');
      return '';
    } catch (error) {
      return String(error);
    }
  };
  const nca = { rootFiles: [], intermediateFiles: [], crlUrls: {} };

  it.each<[string, object]>([
    ['publicBase', { publicBase: 'http://lender.example.kz' }],
    ['issuer', { issuer: 'http://access.example.kz' }],
    ['logBase', { logBase: 'http://log.example.kz' }],
    ['logUrl', { logUrl: 'http://10.0.0.9:8084' }],
    ['nca.ncanodeUrl', { nca: { ...nca, ncanodeUrl: 'http://ncanode.example.kz' } }],
    ['watchdog.lender', { watchdog: { keyFile: 'k', iinFile: 'i', lender: 'http://lender.example.kz' } }],
    ['listen.proxies', { listen: { host: '127.0.0.1', port: 8081 } }],
    ['listen.proxies', { listen: { host: '127.0.0.1', port: 8081, proxies: ['10.0.0.0/33'] } }],
    ['listen.proxies', { listen: { host: '127.0.0.1', port: 8081, proxies: ['the proxy'] } }],
    ['listen.proxies', { listen: { host: '127.0.0.1', port: 8081, proxies: [] } }],
    ['database.tls', { database: { ...database, host: '10.0.0.5' } }],
    ['database.tls', { database: { ...database, host: 'db.example.kz' } }],
    ['database.tls', { database: { ...database, host: '127.0.0.1.example.kz' } }],
  ])('%s stops the process when it is unsafe', (member, changes) => {
    expect(faults(changes)).toContain(`${member}`);
  });

  it.each<[string, object]>([
    ['a proxy in front of it', {}],
    ['TLS of its own', { listen: undefined }],
    ['a database over TLS', { database: { ...database, host: 'db.example.kz', tls: { caFile: 'ca.pem' } } }],
    ['a database by its Unix socket', { database: { ...database, host: '/var/run/postgresql' } }],
    ['a database on this machine', { database: { ...database, host: '::1' } }],
    [
      'services on this machine',
      { logUrl: 'http://127.0.0.1:8084', nca: { ...nca, ncanodeUrl: 'http://[::1]:1' } },
    ],
    ['the NCANode over TLS', { nca: { ...nca, ncanodeUrl: 'https://ncanode.example.kz' } }],
  ])('a process with %s starts', (_, changes) => {
    expect(faults(changes)).toBe('');
  });

  it('is not a question in the sandbox', () => {
    const sandbox = {
      sandbox: true,
      origin: 'sandbox.tyiym.kz/journal/1',
      publicBase: 'http://127.0.0.1:8081',
    };
    expect(faults({ ...sandbox, listen: { host: '127.0.0.1', port: 8081 } })).toBe('');
  });
});
