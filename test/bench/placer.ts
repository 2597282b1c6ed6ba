/**
 * Placings, in a process of its own with the citizen's configuration, role and keys. `prepare` opens applications as the
 * portal would and signs each with a certificate of its person, and verifies the signature; `place` hands them to the
 * writer at a fixed rate. So what is measured beside the checks is the writer and not the mathematics of signatures.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { importPKCS8, type CryptoKey } from 'jose';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { idToUuid } from '#libs/journal/id.js';
import { Journal } from '#libs/journal/journal.service.js';
import { loadConfig } from '#libs/platform/config.js';
import { createApp } from '#libs/platform/http.js';
import { LOOKUP_KEYS } from '#libs/platform/registry-tokens.js';
import type { Rules } from '#libs/refusal/rules.js';
import type { RevocationEvidence } from '#libs/signature/revocation.js';
import type { SignatureVerifier } from '#libs/signature/signature-verifier.js';
import type { TrustAnchors } from '#libs/signature/trust.js';
import type { VerifiedSigner } from '#libs/signature/verified-signer.js';
import type { LookupKeys } from '#libs/subject/subject.js';
import { ApplicationsService } from '../../apps/citizen/applications/applications.service.js';
import {
  applicationByUuid,
  type FoundApplication,
} from '../../apps/citizen/applications/applications.store.js';
import type { OutcomeService } from '../../apps/citizen/applications/outcome.service.js';
import {
  SIGNATURE_VERIFIER,
  SigningService,
  TRUST_ANCHORS,
} from '../../apps/citizen/applications/signing.service.js';
import { PeopleService } from '../../apps/citizen/applications/people.service.js';
import { CitizenModule } from '../../apps/citizen/citizen.module.js';
import type { CitizenTables } from '../../apps/citizen/tables.store.js';
import { issuePerson, type Authority } from '../../apps/sandbox/nca/nca.js';
import { signDocument } from '../../apps/sandbox/nca/sign.js';
import { iinOfPerson } from '../../apps/tool/load/synthetic-person.js';
import { makeCitizenAssertion } from '../../apps/tool/token/citizen-assertion.js';
import type { Beside, Placing } from './job.js';

/** What the bench tells this program in its first argument. */
export interface PlacerPlan {
  readonly configFile: string;
  readonly authorityFile: string;
  readonly portal: {
    readonly clientId: string;
    readonly kid: string;
    readonly keyFile: string;
    readonly resource: string;
  };
}

/** `from` is the number of the first person; nobody is asked to place twice. */
export type PlacerJob =
  | { readonly act: 'prepare'; readonly from: number; readonly count: number; readonly isHandedOver: boolean }
  | { readonly act: 'place'; readonly perSecond: number; readonly ms: number };

/** A placing that waits for its instant. */
interface Ready {
  readonly found: FoundApplication;
  readonly cms: string;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as PlacerPlan;
const authority = JSON.parse(readFileSync(plan.authorityFile, 'utf8')) as Authority;
const portalKey = await importPKCS8(readFileSync(plan.portal.keyFile, 'utf8'), 'ES256');
const config = loadConfig(plan.configFile, ['citizen']);
const logger = pino({ enabled: false });
// The whole app but for its ports.
const context = await createApp(CitizenModule.register(config, { logger }), config, logger);
await context.init();
const journal = context.get<Journal<CitizenTables, Rules>>(Journal, { strict: false });
const dataSource = context.get(DataSource, { strict: false });
const trust = context.get<TrustAnchors>(TRUST_ANCHORS, { strict: false });
const verifier = context.get<SignatureVerifier>(SIGNATURE_VERIFIER, { strict: false });
const applications = context.get(ApplicationsService, { strict: false });

/** By the hash of the CMS, as a signer names it. */
const known = new Map<string, { readonly signer: VerifiedSigner; readonly evidence: RevocationEvidence }>();
function knownBy(cmsSha256: string) {
  const found = known.get(cmsSha256);
  if (found === undefined) throw new Error('a signature that was not prepared');
  return found;
}

/** The app's own way from a signature to its entry, with a verifier that has verified all of them, and no answer read. */
const signing = new SigningService(
  dataSource,
  journal,
  context.get<LookupKeys>(LOOKUP_KEYS, { strict: false }),
  context.get(PeopleService, { strict: false }),
  {
    verify: ({ cms }) =>
      Promise.resolve(knownBy(createHash('sha256').update(cms).digest('base64url')).signer),
    knownGood: ({ signer }) => Promise.resolve(knownBy((signer as VerifiedSigner).cmsSha256).evidence),
    answer: (question) => verifier.answer(question),
  },
  trust,
  { outcome: () => Promise.resolve({}) } as unknown as OutcomeService,
);
const waiting: Ready[] = [];
/** Openings and signatures under way at once. */
const lanes = 8;

process.on('message', (job: PlacerJob) => {
  (job.act === 'prepare' ? prepare(job) : place(job)).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('listening');

async function prepare({
  from,
  count,
  isHandedOver,
}: Extract<PlacerJob, { act: 'prepare' }>): Promise<readonly Placing[]> {
  const handed: Placing[] = [];
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < from + count) {
      const iin = iinOfPerson(next++);
      const placing = await signed(iin, portalKey);
      const { applicationId, cms } = placing;
      if (isHandedOver) handed.push({ iin, applicationId, cms: cms.toString('base64') });
      else waiting.push(await verified(placing));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return handed;
}

/** An opened application and the signature under its document. */
interface Signed {
  readonly applicationId: string;
  readonly document: Buffer;
  readonly cms: Buffer;
}

async function signed(iin: string, key: CryptoKey): Promise<Signed> {
  const { clientId, kid, resource: audience } = plan.portal;
  const channel = journal.rules().parties.get(clientId);
  if (channel === undefined) throw new Error('the sandbox has no portal');
  const [now, jti] = [Date.now(), randomUUID()];
  const of = { clientId, kid, audience, iin, method: 'eds', nowS: Math.floor(now / 1000), jti };
  const { answer } = await applications.open(
    channel,
    {
      ...{ kind: 'place', lockHours: 24, language: 'kk' },
      citizenAssertion: await makeCitizenAssertion(of, key),
    },
    { key: jti, bodyHmac: randomBytes(32) },
  );
  const person = await issuePerson(authority, {
    ...{ iin, keyKind: 'ec', at: now - 60_000, name: { surname: 'СЫНАҚ', given: 'ӘДІЛ' } },
  });
  const document = Buffer.from(answer.document, 'base64');
  const { applicationId } = answer;
  return { applicationId, document, cms: await signDocument({ ...person, document, at: now }) };
}

async function verified({ applicationId, document, cms }: Signed): Promise<Ready> {
  const found = await applicationByUuid(dataSource.manager, idToUuid('app', applicationId));
  if (found === undefined) throw new Error('an application that was opened is not there');
  const signer = await verifier.verify({ cms, document, at: found.at, trust });
  const evidence = await verifier.knownGood({ signer, at: found.at, staleCrlHoursAllowed: 24 });
  known.set(signer.cmsSha256, { signer, evidence });
  return { found, cms: cms.toString('base64') };
}

/** A caller who waits for the answer. */
const staying = new AbortController().signal;

/** Open loop: each placing has its instant, whether or not those before it are answered. */
async function place({ perSecond, ms }: Extract<PlacerJob, { act: 'place' }>): Promise<Beside> {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const faults: Record<string, number> = {};
  const total = Math.floor((perSecond * ms) / 1000);
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  const dueAt = (number: number): number => startedAt + (number * 1000) / perSecond;
  const all: Promise<void>[] = [];
  const one = async (number: number): Promise<void> => {
    const ready = waiting.shift();
    try {
      if (ready === undefined) throw new Error('nothing was prepared');
      await signing.sign(ready.found, ready.cms, staying);
      histogram.record(Math.max(1, Math.round((performance.now() - dueAt(number)) * 1000)));
    } catch (error) {
      const what = `placing: ${error instanceof Error ? error.message : String(error)}`;
      faults[what] = (faults[what] ?? 0) + 1;
    }
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (; all.length < total && dueAt(all.length) <= performance.now();) all.push(one(all.length));
      if (all.length < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(all);
  known.clear();
  const { user, system } = process.cpuUsage(before);
  return {
    ...{
      what: 'placings',
      answered: histogram.count,
      seconds: (performance.now() - startedAt) / 1000,
      faults,
    },
    ...{ p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000 },
    cpu: (user + system) / 1e6,
  };
}
