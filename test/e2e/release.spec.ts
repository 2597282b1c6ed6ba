/** The release step asks a registry for advisories, as npm does, and never takes silence for good news. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const advisory = {
  id: 1,
  url: 'https://github.com/advisories/GHSA-0000-0000-0001',
  title: 'A planted one',
  severity: 'high',
  vulnerable_versions: '<999',
  cwe: [],
  cvss: { score: 0, vectorString: null },
};

let dir: string;
let registry: Server;
/** What the registry answers to `POST /-/npm/v1/security/advisories/bulk`: by package, as npm's does. */
let advisories: Readonly<Record<string, readonly unknown[]>> | undefined;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tyiym-release-'));
  registry = createServer((request, response) => {
    request.resume().on('end', () => {
      if (advisories === undefined || request.url !== '/-/npm/v1/security/advisories/bulk') {
        response.writeHead(404).end('{}');
        return;
      }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(advisories));
    });
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
});
afterAll(() => {
  registry.close();
  registry.closeAllConnections();
  rmSync(dir, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly output: string;
}

async function releaseCheck(accepted: readonly unknown[] = []): Promise<Run> {
  const acceptedFile = join(dir, 'accepted.json');
  writeFileSync(acceptedFile, JSON.stringify(accepted));
  const { port } = registry.address() as AddressInfo;
  const child = spawn(process.execPath, ['scripts/release.mjs', '--out', dir, '--accepted', acceptedFile], {
    env: {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${port}`,
      npm_config_cache: join(dir, 'cache'),
      npm_config_fetch_retries: '0',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe('npm run release:check', () => {
  it("writes what runs in production, under the product's own name", async () => {
    advisories = {};
    const { code, output } = await releaseCheck();
    const { bomFormat, metadata, components } = JSON.parse(readFileSync(join(dir, 'sbom.cdx.json'), 'utf8'));
    const names = components.map(({ name }: { readonly name: string }) => name);
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining('No advisory stands open.'),
    });
    expect([bomFormat, metadata.component.name]).toEqual(['CycloneDX', 'tyiym']);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'jose', 'pg']));
    expect(names).not.toContain('jest');
  });

  it('refuses a release about which the registry says nothing', async () => {
    advisories = undefined;
    const { code, output } = await releaseCheck();
    expect({ code, output }).toEqual({ code: 3, output: expect.stringContaining('gave no advisories') });
  });

  it('refuses a release with an open advisory, and names it', async () => {
    advisories = { undici: [advisory] };
    const { code, output } = await releaseCheck();
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(advisory.url) });
  });

  it.each([
    ['a reason and a day that has not come', '2999-01-01', 'undici', 0],
    ['a day that has passed', '2020-01-01', 'undici', 1],
    ['the name of another package', '2999-01-01', 'jose', 1],
  ])('takes an accepted advisory with %s as it says', async (_case, until, name, code) => {
    advisories = { undici: [advisory] };
    const row = { id: advisory.url, package: name, why: 'Nothing of ours calls it.', until };
    expect((await releaseCheck([row])).code).toBe(code);
  });

  it('takes no acceptance without a reason', async () => {
    advisories = { undici: [advisory] };
    const row = { id: advisory.url, package: 'undici', until: '2999-01-01' };
    const { code, output } = await releaseCheck([row]);
    expect(code).not.toBe(0);
    expect(output).toContain('a row lacks "why"');
  });
});
