import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OutsideWorld, outsideWorld } from '../../../test/support/outside-world.js';
import { phoneRegistry, type PhoneRegistry, type Spoiled } from '../../../test/support/phone-registry.js';
import type { Person } from '../outside/people.js';
import { openAndSign, Phone } from './phone.js';

const document = Buffer.from('{"kind":"place","statement":"БАС ТАРТУДЫ БЕЛГІЛЕУ."}');

let world: OutsideWorld;
let registry: PhoneRegistry | undefined;

beforeAll(async () => {
  world = await outsideWorld();
});

afterAll(async () => {
  await world.end();
});

afterEach(async () => {
  await registry?.app.close();
  registry = undefined;
});

async function registryIs(spoiled: Spoiled = {}): Promise<PhoneRegistry> {
  registry = await phoneRegistry(document, spoiled);
  return registry;
}

function holder(name: string): Person {
  const found = world.options.people.find((person) => person.name === name);
  if (found === undefined) throw new Error('nobody of this name');
  return found;
}

const options = (citizenBase: string): ConstructorParameters<typeof Phone>[0] => ({
  citizenBase,
  registryNow: world.options.registryNow,
  timeoutMs: 2_000,
});

async function opening(citizenBase: string, qr: string): Promise<unknown> {
  const phone = new Phone(options(citizenBase));
  try {
    return await phone.open(qr);
  } finally {
    await phone.close();
  }
}

describe('a phone', () => {
  it('opens the code, asks API №2 with the token, and shows what is to be signed', async () => {
    const { base, qr, calls } = await registryIs();
    expect(await opening(base, qr)).toMatchObject({
      invitation: { organisation: { nameEn: 'The registry' }, authToken: 'token-1' },
      bundle: { documentsToSign: [{ id: 1, document: { file: { data: document.toString('base64') } } }] },
    });
    expect(calls).toEqual([
      ['GET', '/citizen/egov-mobile/one-time', undefined],
      ['GET', '/citizen/egov-mobile/documents/app_1', 'Bearer token-1'],
    ]);
  });

  it.each([
    'https://m.egov.kz/mobileSign/?link=',
    'https://m.egov.kz/mobileSign?isi=1476128386&ibi=kz.egov.mobile&link=',
    'https://m.egov.kz/businessSign/?link=',
    'https://somewhere.else.example/?link=',
  ])(
    'opens the link for the phone itself as it opens the code, wherever the link was made: %s',
    async (to) => {
      const { base, qr } = await registryIs();
      const link = to + encodeURIComponent(qr.replace('mobileSign:', ''));
      expect(await opening(base, link)).toMatchObject({ invitation: { authToken: 'token-1' } });
    },
  );

  it('shows no token where none is asked for, and sends back all it was given with the signature in it', async () => {
    const more = { version: 7, nobodyKnows: [1] };
    const { base, qr, calls, taken } = await registryIs({
      invitation: (answer) => {
        const { uri } = answer['document'] as { uri: string };
        return { ...answer, document: { uri, auth_type: 'None' } };
      },
      bundle: (answer) => ({ ...answer, ...more, signMethod: 'CMS_SIGN_ONLY' }),
      isOpenToAll: true,
    });
    expect(await openAndSign(options(base), holder('aigul'), qr)).toMatchObject({ status: 200 });
    expect(calls.map(([, , authorization]) => authorization)).toEqual([undefined, undefined, undefined]);
    expect(taken).toMatchObject([{ ...more, signMethod: 'CMS_SIGN_ONLY', documentsToSign: [{ id: 1 }] }]);
  });

  it.each([400, 401, 404, 409, 415, 422, 429, 500, 503])(
    'can make nothing of %d, because its protocol knows only 200 and 403',
    async (status) => {
      const { base, qr } = await registryIs({ refusal: { status, body: { message: 'words' } } });
      const phone = new Phone(options(base));
      const opened = await phone.open(qr);
      await expect(phone.sign(holder('aigul'), opened)).rejects.toThrow(
        `the registry answers ${String(status)}, and a phone knows only 200 and 403`,
      );
      await phone.close();
    },
  );

  it('can show nothing of a 403 without a message', async () => {
    const { base, qr } = await registryIs({ refusal: { status: 403, body: { title: 'words' } } });
    const phone = new Phone(options(base));
    const opened = await phone.open(qr);
    await expect(phone.sign(holder('aigul'), opened)).rejects.toThrow('without a message');
    await phone.close();
  });

  it.each(['aigul', 'bolat'])(
    'of %s sends back the same shape with a CMS that openssl verifies',
    async (name) => {
      const { base, qr, taken } = await registryIs();
      expect(await openAndSign(options(base), holder(name), qr)).toEqual({
        status: 200,
        message: 'The signature is accepted.',
      });
      expect(taken).toMatchObject([
        {
          signMethod: 'CMS_WITH_DATA',
          version: 1,
          documentsToSign: [
            { id: 1, nameEn: 'Application to place the refusal', meta: [{ name: 'Statement' }] },
          ],
        },
      ]);
      const [{ documentsToSign }] = taken as [
        { documentsToSign: [{ document: { file: { data: string } } }] },
      ];
      expect(verified(documentsToSign[0].document.file.data)).toEqual(document);
    },
  );

  it('tells in the registry’s words that a code was used', async () => {
    const { base, qr } = await registryIs();
    await opening(base, qr);
    await expect(opening(base, qr)).rejects.toMatchObject({
      name: 'PhoneFailure',
      registryStatus: 403,
      message: 'The link is not valid or has been used. Open the application again.',
    });
  });

  it('tells in the registry’s words that a signature is not taken', async () => {
    const { base, qr } = await registryIs();
    const phone = new Phone(options(base));
    const opened = await phone.open(qr);
    expect((await phone.sign(holder('aigul'), opened)).status).toBe(200);
    expect(await phone.sign(holder('aigul'), opened)).toEqual({
      status: 403,
      message: 'The link is not valid or has been used. Open the application again.',
    });
    await phone.close();
  });

  it('goes nowhere but to the registry, whatever the code says', async () => {
    const { app, base, calls } = await registryIs();
    const { port } = app.server.address() as AddressInfo;
    const codes = [
      '',
      'hello',
      base,
      'mobileSign:',
      'mobileSign:elsewhere',
      'mobileSign:file:///etc/passwd',
      `mobileSign:http://127.0.0.1:${String(port)}/elsewhere`,
      `mobileSign:http://127.0.0.1:${String(port)}/citizens/egov-mobile/one-time`,
      `mobileSign:${base}/../elsewhere`,
      `mobileSign:http://localhost:${String(port)}/citizen/egov-mobile/one-time`,
      `mobileSign:http://user:pass@127.0.0.1:${String(port)}/citizen/egov-mobile/one-time`,
      `mobileSign:http://127.0.0.1:${String(port)}@evil.example/citizen/egov-mobile/one-time`,
      `https://m.egov.kz/mobileSign/?link=http://127.0.0.1:${String(port)}/elsewhere`,
      `http://m.egov.kz/mobileSign/?link=${base}/egov-mobile/one-time`,
      'https://m.egov.kz/mobileSign/',
    ];
    for (const code of codes)
      await expect(opening(base, code)).rejects.toThrow(/^this (code does not lead|is no code)/);
    expect(calls).toEqual([]);
  });

  it('goes nowhere else when the registry’s answer says so', async () => {
    const { base, qr, calls } = await registryIs({
      invitation: (answer) => ({
        ...answer,
        document: { uri: 'http://127.0.0.1:1/', auth_type: 'Token', auth_token: 'token-1' },
      }),
    });
    await expect(opening(base, qr)).rejects.toThrow('this code does not lead to the registry');
    expect(calls).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const calls: (string | undefined)[] = [];
    server.on('request', ({ url }) => calls.push(url));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await expect(opening(base, `mobileSign:${base}/x`)).rejects.toThrow('the registry answers 302');
    expect(calls).toEqual(['/x']);
    server.closeAllConnections();
    server.close();
  });

  it('says so when the registry is silent', async () => {
    const { app, base, qr } = await registryIs();
    await app.close();
    await expect(opening(base, qr)).rejects.toThrow('the registry does not answer');
  });

  it.each<[string, Spoiled]>([
    ['nothing', { invitation: () => null }],
    ['no JSON', { invitation: () => 'hello' }],
    ['no organisation', { invitation: ({ organisation: _, ...rest }) => rest }],
    [
      'a way of proof it does not know',
      { invitation: (answer) => ({ ...answer, document: { auth_type: 'Eds' } }) },
    ],
    ['too much', { invitation: (answer) => ({ ...answer, description: 'x'.repeat(1_100_000) }) }],
    ['XML, for which it has no signature', { bundle: (answer) => ({ ...answer, signMethod: 'XML' }) }],
    ['no documents', { bundle: (answer) => ({ ...answer, documentsToSign: [] }) }],
    ['documents that are no list', { bundle: (answer) => ({ ...answer, documentsToSign: {} }) }],
    ['a document without a name', { bundle: (answer) => ({ ...answer, documentsToSign: [{ id: 1 }] }) }],
    [
      'descriptions that are no list',
      {
        bundle: (answer) =>
          JSON.parse(JSON.stringify(answer).replace(/"meta":\[.*?\]/, '"meta":7')) as unknown,
      },
    ],
  ])('signs nothing when it is given %s', async (_what, spoiled) => {
    const { base, qr, taken } = await registryIs(spoiled);
    await expect(openAndSign(options(base), holder('aigul'), qr)).rejects.toMatchObject({
      name: 'PhoneFailure',
    });
    expect(taken).toEqual([]);
  });

  it('signs nothing that is not base64', async () => {
    const { base, qr } = await registryIs({
      bundle: (answer) => JSON.parse(JSON.stringify(answer).replace(/"data":"/, '"data":"*')) as unknown,
    });
    await expect(opening(base, qr)).rejects.toThrow('data is not base64');
  });
});

/** What `openssl cms -verify` finds inside, the chain checked at the instant of the signature. */
function verified(base64: string): Buffer {
  const { authority, stateDir } = world.options;
  const [caFile, cmsFile] = [join(stateDir, 'authorities.pem'), join(stateDir, 'signed.der')];
  writeFileSync(caFile, authority.root.certPem + authority.issuing.certPem);
  writeFileSync(cmsFile, Buffer.from(base64, 'base64'));
  const at = String(Math.floor(world.now() / 1000));
  const args = ['-verify', '-binary', '-inform', 'DER', '-in', cmsFile, '-CAfile', caFile, '-purpose', 'any'];
  return execFileSync('openssl', ['cms', ...args, '-attime', at], { stdio: 'pipe' });
}
