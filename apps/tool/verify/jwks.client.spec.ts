import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJwks } from './jwks.client.js';

const answers: Record<string, [status: number, body: string]> = {
  '/keys': [200, '{"keys":[{"kid":"a"}]}'],
  '/moved': [302, ''],
  '/down': [503, '{"keys":[]}'],
  '/html': [200, '<html>'],
  '/list': [200, '[]'],
  '/null': [200, 'null'],
  '/none': [200, '{"keys":{}}'],
  '/long': [200, `{"keys":[]}${' '.repeat(1_000_001)}`],
};
let server: Server;
let base: string;
const folder = mkdtempSync(join(tmpdir(), 'tyiym-jwks-'));

beforeAll(async () => {
  server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, ''];
    response.writeHead(status, { location: '/keys' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('the public keys', () => {
  it('come from a file or from the log', async () => {
    const file = join(folder, 'jwks.json');
    writeFileSync(file, answers['/keys']?.[1] ?? '');
    expect(await readJwks(file)).toEqual({ keys: [{ kid: 'a' }] });
    expect(await readJwks(`${base}/keys`)).toEqual({ keys: [{ kid: 'a' }] });
  });

  it.each([
    ['/moved', 'gave no keys'],
    ['/down', 'gave no keys'],
    ['/gone', 'gave no keys'],
    ['/long', 'gave no keys'],
    ['/html', 'is not JSON'],
    ['/list', 'holds no key set'],
    ['/null', 'holds no key set'],
    ['/none', 'holds no key set'],
  ])('do not come from %s: it %s', async (path, why) => {
    await expect(readJwks(`${base}${path}`)).rejects.toThrow(why);
  });

  it('are not fetched where anybody on the way could put in his own', async () => {
    await expect(readJwks('http://log.example/keys')).rejects.toThrow('https only');
    await expect(readJwks('http://127.0.0.1.example/keys')).rejects.toThrow('https only');
  });

  it('are missing where there is no file', async () => {
    await expect(readJwks(join(folder, 'nothing.json'))).rejects.toThrow('ENOENT');
  });
});
