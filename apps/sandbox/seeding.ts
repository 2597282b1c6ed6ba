/** Each person's scene, played by real calls: what the sandbox shows was done as anybody outside would do it. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { importPKCS8 } from 'jose';
import type { Response } from 'undici';
import { PartyClient } from '#libs/platform/access/party.client.js';
import { machineClock } from '#libs/platform/clock.js';
import { makeCitizenAssertion } from '../tool/token/citizen-assertion.js';
import { partyNamed, type SandboxHome } from '../tool/token/sandbox-home.js';
import { writeWhole } from './files.js';
import { credentialOf } from './inhabitants.js';
import { signDocument } from './nca/sign.js';
import type { Home, Scene } from './plan.js';
import type { SandboxContent } from './sandbox-file.js';

type Citizen = SandboxContent['citizens'][number];

/** Plays the scenes that were not played yet, one person after the other. */
export async function seed(home: Home, content: SandboxContent, say: (line: string) => void): Promise<void> {
  const file = home.at('seeded.json');
  const played = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : [];
  const waiting = content.citizens.filter(({ name }) => !played.includes(name));
  if (waiting.length === 0) return;
  say('Scenes …');
  const actors = await Actors.of(home, content);
  for (const citizen of waiting) {
    await scenes[citizen.scene](actors, citizen);
    played.push(citizen.name);
    writeWhole(file, JSON.stringify(played));
  }
}

const scenes: Readonly<Record<Scene, (actors: Actors, citizen: Citizen) => Promise<void>>> = {
  nothing: () => Promise.resolve(),
  'in-force': (actors, citizen) => actors.apply(citizen, { kind: 'place', lockHours: 24 }),
  locked: (actors, citizen) => actors.apply(citizen, { kind: 'place', lockHours: 168 }),
  'lift-pending': async (actors, citizen) => {
    await actors.apply(citizen, { kind: 'place', lockHours: 24 });
    await actors.apply(citizen, { kind: 'lift' });
  },
  'clear-then-refused': async (actors, citizen) => {
    await actors.check(citizen, 'decision');
    await actors.apply(citizen, { kind: 'place', lockHours: 24 });
  },
  'loan-reported': async (actors, citizen) => {
    await actors.check(citizen, 'decision');
    await actors.reportLoan(citizen, await actors.check(citizen, 'disbursement'));
  },
};

/** The portal, a bank and the people's own hands. */
class Actors {
  private constructor(
    private readonly home: Home,
    private readonly sandbox: SandboxHome,
    private readonly portal: PartyClient,
    private readonly bank: PartyClient,
  ) {}

  static async of(home: Home, content: SandboxContent): Promise<Actors> {
    const parties = content.parties.map((party) => ({
      ...party,
      keyFile: home.at(party.keyFile),
      certFile: home.at(party.certFile),
    }));
    const sandbox = { ...content, tlsCaFile: home.at(content.tlsCaFile), parties };
    const client = (name: string): Promise<PartyClient> =>
      PartyClient.of(sandbox, partyNamed(sandbox, name), machineClock);
    return new Actors(home, sandbox, await client('egov-portal'), await client('bank-alpha'));
  }

  /** Opens an application at the portal and signs it. A step that stands from a start that was broken off is no fault. */
  async apply(citizen: Citizen, ask: Readonly<Record<string, unknown>>): Promise<void> {
    const opened = await this.post(this.portal, '/v1/applications', {
      citizenAssertion: await this.assertion(citizen),
      language: 'kk',
      ...ask,
    });
    if (opened.status === 409) return;
    const { applicationId, document } = (await expectOk(opened)) as {
      applicationId: string;
      document: string;
    };
    const signed = await signDocument({
      document: Buffer.from(document, 'base64'),
      at: machineClock(),
      ...credentialOf(this.home, citizen.name),
    });
    const url = `${this.sandbox.urls['citizen'] ?? ''}/v1/applications/${applicationId}/signature`;
    const body = JSON.stringify({ cms: signed.toString('base64') });
    await expectOk(
      await this.portal.call('PUT', url, { headers: { 'Content-Type': 'application/json' }, body }),
    );
  }

  /** A bank's check; its id. */
  async check({ iin, name }: Citizen, stage: 'decision' | 'disbursement'): Promise<string> {
    const question = { iin, product: 'bank-loan', stage, loanRef: `scene-${name}` };
    const answer = await expectOk(await this.post(this.bank, '/v1/checks', question));
    return (answer as { checkId: string }).checkId;
  }

  /** The loan that the bank paid out after this check. */
  async reportLoan({ iin, name }: Citizen, checkId: string): Promise<void> {
    const amount = { value: '1500000.00', currency: 'KZT' };
    const at = new Date(machineClock()).toISOString();
    const terms = { product: 'bank-loan', amount, signedAt: at, disbursedAt: at, checkId };
    const loan = { contractNumber: `scene-${name}`, iin, ...terms };
    await expectOk(await this.post(this.bank, '/v1/loans', loan));
  }

  private async assertion({ iin }: Citizen): Promise<string> {
    const { clientId, kid, keyFile, resource } = partyNamed(this.sandbox, 'egov-portal');
    const key = await importPKCS8(readFileSync(keyFile, 'utf8'), 'ES256');
    const nowS = Math.floor(machineClock() / 1000);
    return makeCitizenAssertion(
      { clientId, kid, audience: resource, iin, method: 'eds', nowS, jti: randomUUID() },
      key,
    );
  }

  private post(client: PartyClient, path: string, body: object): Promise<Response> {
    const base = this.sandbox.urls[client === this.bank ? 'lender' : 'citizen'] ?? '';
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
    return client.call('POST', base + path, { headers, body: JSON.stringify(body) });
  }
}

/** @throws Error with the problem's code, never with what was sent. */
async function expectOk(response: Response): Promise<unknown> {
  const body = (await response.json()) as { readonly code?: unknown };
  if (!response.ok)
    throw new Error(
      `a scene could not be played: ${response.status} ${String(body.code)} at ${new URL(response.url).pathname}`,
    );
  return body;
}
