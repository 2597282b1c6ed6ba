/** An app that trusts the authorization server: a token is worth nothing in other hands than those it was given to. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { fetch, type Response } from 'undici';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { PartyAccessModule, PARTY_DIRECTORY } from '#libs/platform/access/access.module.js';
import type { PartyDirectory } from '#libs/platform/access/caller.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { machineClock } from '#libs/platform/clock.js';
import { createApp } from '#libs/platform/http.js';
import { CallLimits } from '#libs/platform/limits/call-limits.service.js';
import { partiesOf } from '#libs/acts/parties.js';
import { RegistryReader } from '#libs/acts/registry-reader.service.js';
import type { Party } from '#libs/party/party.js';
import type { SandboxHome, SandboxParty } from '../../apps/tool/token/sandbox-home.js';
import { loneLimits } from '../support/lone-limits.js';
import { AccessScene, keys, type Over } from '../support/access-scene.js';
import type { ClientCertificate } from '../support/certificates.js';
import { accessToken, dpopProof } from '../support/machine-client.js';

let scene: AccessScene;
let issuer: string;
let app: string;
let appTls: string;
let ours: ClientCertificate;
let theirs: ClientCertificate;
let parties: ReadonlyMap<string, Party>;

@Controller()
class Routes {
  @Get('checks')
  @RequireScope('checks')
  checks(@Req() { party }: CallerRequest): object {
    return { clientId: party.clientId, scopes: [...party.scopes] };
  }
}

const directory: PartyDirectory = {
  partyOf: (clientId) => parties.get(clientId),
  registryNow: machineClock,
  isCompromised: () => false,
  onRulesChanged: () => undefined,
};

@Module({
  providers: [
    { provide: PARTY_DIRECTORY, useValue: directory },
    { provide: CallLimits, useFactory: loneLimits },
  ],
  exports: [PARTY_DIRECTORY, CallLimits],
})
class DirectoryModule {}

beforeAll(async () => {
  scene = await AccessScene.start();
  ({ base: app, tlsBase: appTls } = scene.places.app);
  issuer = scene.places.access.base;
  ({ ours, theirs } = scene.certificates);
  parties = partiesOf(await new RegistryReader({}).read(scene.access.get(DataSource).manager));
  const listeners = {
    plain: { publicBase: app, proxies: undefined },
    tls: { publicBase: appTls, proxies: undefined },
  };
  @Module({
    imports: [
      PartyAccessModule.register({ issuer, scopes: ['checks'], listeners, imports: [DirectoryModule] }),
    ],
    controllers: [Routes],
  })
  class ResourceModule {}
  const config = { app: 'lender', logBase: 'http://127.0.0.1:1' } as const;
  await scene.serve(await createApp(ResourceModule, config, pino({ level: 'silent' })), scene.places.app);
});
afterAll(() => scene.stop());

describe('an app that trusts the server', () => {
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

  async function callApp(over: Over, headers: Record<string, string>): Promise<Response> {
    const { base, dispatcher } = scene.way(scene.places.app, over);
    return await fetch(`${base}/checks`, { headers, ...(dispatcher && { dispatcher }) });
  }

  it('lets the holder of the certificate in, again and again on one connection', async () => {
    const token = (await scene.ask({ over: ours, withoutProof: true })).body.access_token ?? '';
    const { dispatcher } = scene.way(scene.places.app, ours);
    for (let times = 0; times < 3; times += 1) {
      const response = await fetch(`${appTls}/checks`, {
        headers: bearer(token),
        ...(dispatcher && { dispatcher }),
      });
      expect([response.status, await response.json()]).toEqual([
        200,
        { clientId: 'bank-alpha', scopes: ['checks'] },
      ]);
    }
  });

  it.each<[string, () => Over]>([
    ['with another certificate', () => theirs],
    ['without a certificate', () => 'no certificate'],
    ['over plain HTTP', () => undefined],
  ])('refuses a token stolen and sent %s', async (_name, over) => {
    const token = (await scene.ask({ over: ours, withoutProof: true })).body.access_token ?? '';
    const response = await callApp(over(), bearer(token));
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'not-authenticated' }),
    ]);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('refuses a DPoP token sent as a bearer token', async () => {
    const token = (await scene.ask({})).body.access_token ?? '';
    expect((await callApp(undefined, bearer(token))).status).toBe(401);
  });

  it('refuses a token somebody else signed', async () => {
    const claims = { iss: issuer, aud: app, client_id: 'bank-alpha', cnf: { 'x5t#S256': theirs.sha256 } };
    const forged = await accessToken(keys.stranger, Date.now(), {
      claims,
      header: { kid: keys.issuer[0]?.kid },
    });
    expect((await callApp(theirs, bearer(forged))).status).toBe(401);
  });

  it('lets the client of the tool in, with proofs and with its certificate', async () => {
    const home = {
      issuer,
      urls: { accessTls: scene.places.access.tlsBase },
      tlsCaFile: scene.file('server.pem'),
      parties: [],
      citizens: [],
    };
    const party: SandboxParty = {
      name: 'bank-alpha',
      clientId: 'bank-alpha',
      scopes: ['checks', 'loans'],
      resource: app,
      kid: scene.certifiedKid,
      keyFile: scene.file('party.key'),
      certFile: scene.file('party.pem'),
    };
    const client = await PartyClient.of(home satisfies SandboxHome, party, machineClock);
    for (const base of [app, appTls]) {
      const response = await client.call('GET', `${base}/checks?a=b`);
      expect([response.status, await response.json()]).toEqual([
        200,
        { clientId: 'bank-alpha', scopes: ['checks', 'loans'] },
      ]);
    }
    expect((await callApp(ours, bearer(await client.certificateToken()))).status).toBe(200);
  });

  it('counts a proof once', async () => {
    const token = (await scene.ask({})).body.access_token ?? '';
    const nonce = (await fetch(`${app}/nowhere`)).headers.get('dpop-nonce') ?? '';
    const of = { method: 'GET', url: `${app}/checks`, accessToken: token, nonce };
    const dpop = await dpopProof(keys.proof, of, Date.now());
    const headers = { authorization: `DPoP ${token}`, dpop };
    expect((await callApp(undefined, headers)).status).toBe(200);
    expect((await callApp(undefined, headers)).status).toBe(401);
  });
});
