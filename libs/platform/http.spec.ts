import 'reflect-metadata';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { ConfigError } from './config.js';
import { listenTls } from './http.js';

const folder = mkdtempSync(join(tmpdir(), 'tyiym-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the key of a TLS listener that others can read stops the process, as every secret does', async () => {
  const [certFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  writeFileSync(certFile, '');
  writeFileSync(keyFile, '');
  chmodSync(keyFile, 0o640);
  const config = { host: '127.0.0.1', port: 0, publicBase: 'https://localhost', certFile, keyFile };
  const opened = await listenTls(config, fastify(), 'https://log.test').then(
    (server) => server.close(),
    (error: unknown) => error,
  );
  expect(opened).toBeInstanceOf(ConfigError);
  expect(String(opened)).toContain('others can read it');
});
