/**
 * Who lives in the sandbox: the authority with its roots, citizens and officials with certificates, parties with keys.
 * Made once, with numbers that belong to nobody, and read again at every later start.
 */
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as x509 from '@peculiar/x509';
import { watchdogId } from '#libs/party/party.js';
import { hasControlDigit } from '#libs/subject/control-digit.js';
import { isIin } from '#libs/subject/iin.js';
import { once, writeCredential, writeWhole } from './files.js';
import { issueCertificate, type Credential } from './nca/issue.js';
import { createAuthority, issuePerson, type Authority } from './nca/nca.js';
import {
  type Born,
  citizens,
  host,
  officials,
  parties,
  type Home,
  type OfficialPlan,
  type PersonPlan,
} from './plan.js';

/** Whom the watchdog asks about, in `parties/`. */
export const watchdogIinFile = 'watchdog.iin';

const year = 365 * 86_400_000;

/** A person with his number; the files lie in `people/`. */
export interface Inhabitant {
  readonly name: string;
  readonly iin: string;
}

export interface Inhabitants {
  readonly authority: Authority;
  readonly people: readonly Inhabitant[];
  /** Client id → BIN. */
  readonly bins: Readonly<Record<string, string>>;
}

/** @param at machine time in milliseconds, for the first validity of certificates. */
export async function settle(home: Home, at: number): Promise<Inhabitants> {
  const authority = await once(home.at('nca', 'authority.json'), () => createAuthority({ at }));
  writeWhole(home.at('nca', 'root.pem'), authority.root.certPem, 0o644);
  writeWhole(home.at('nca', 'ca.pem'), authority.issuing.certPem, 0o644);
  const everybody: readonly (PersonPlan | OfficialPlan)[] = [...citizens, ...officials];
  const people = numbered(home.at('people', 'people.json'), everybody);
  for (const person of people) {
    const plan = everybody.find(({ name }) => name === person.name);
    if (plan !== undefined) await certify(home, authority, { ...plan, iin: person.iin }, at);
  }
  for (const { name, kind } of parties) {
    await equip(home, name, at);
    if (kind === 'bureau') await equip(home, `${name}-enc`, at);
  }
  await makeTls(home, at);
  const bins = await once(home.at('parties', 'bins.json'), () =>
    Object.fromEntries(parties.map(({ name, binStem }) => [name, withControlDigit(binStem)])),
  );
  // Where the watchdog was admitted: a home that was founded before there was one goes on without.
  if (watchdogId in bins && !existsSync(home.at('parties', watchdogIinFile)))
    writeWhole(home.at('parties', watchdogIinFile), `${syntheticIin()}\n`);
  return { authority, people, bins };
}

/** The credential of a person, RSA unless said. */
export function credentialOf(home: Home, name: string, kind: 'rsa' | 'ec' = 'rsa'): Credential {
  const stem = home.at('people', kind === 'ec' ? `${name}-ec` : name);
  return { certPem: readFileSync(`${stem}.pem`, 'utf8'), keyPem: readFileSync(`${stem}.key`, 'utf8') };
}

async function certify(
  home: Home,
  authority: Authority,
  person: { readonly name: string; readonly iin: string; readonly surname: string; readonly given: string },
  at: number,
): Promise<void> {
  const { surname, given, iin } = person;
  for (const [stem, keyKind] of [
    [person.name, 'rsa'],
    [`${person.name}-ec`, 'ec'],
  ] as const) {
    const file = home.at('people', stem);
    if (existsSync(`${file}.pem`)) continue;
    writeCredential(file, await issuePerson(authority, { iin, name: { surname, given }, keyKind, at }));
  }
}

/** One EC key a party serves its assertions, proofs and self-signed certificate; a bureau has one more, to open what is sealed for it. */
async function equip(home: Home, name: string, at: number): Promise<void> {
  const stem = home.at('parties', name);
  if (existsSync(`${stem}.pem`)) return;
  const subject = [{ CN: [name] }];
  const extensions = [new x509.BasicConstraintsExtension(false)];
  writeCredential(
    stem,
    await issueCertificate({ subject, keyKind: 'ec', extensions, from: at, to: at + 3 * year }),
  );
}

/** The servers' own certificate, under a root that callers pin. */
async function makeTls(home: Home, at: number): Promise<void> {
  if (existsSync(home.at('tls', 'server.pem'))) return;
  const times = { from: at, to: at + 3 * year, keyKind: 'ec' as const };
  const root = await issueCertificate({
    ...times,
    subject: [{ CN: ['Tyiym sandbox TLS root'] }],
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await issueCertificate({
    ...times,
    issuer: root,
    subject: [{ CN: [host] }],
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: host },
        { type: 'dns', value: 'localhost' },
      ]),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
    ],
  });
  writeWhole(home.at('tls', 'ca.pem'), root.certPem, 0o644);
  writeWhole(home.at('tls', 'server.key'), server.keyPem);
  writeWhole(home.at('tls', 'server.pem'), server.certPem, 0o644);
}

/** Everybody with a number: kept where they had one, new for who came with a later release. */
function numbered(file: string, everybody: readonly (PersonPlan | OfficialPlan)[]): readonly Inhabitant[] {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Inhabitant[]) : [];
  const missing = everybody.filter(({ name }) => !kept.some((person) => person.name === name));
  if (missing.length === 0) return kept;
  const made = missing.map((plan) => ({
    name: plan.name,
    iin: syntheticIin('born' in plan ? plan.born : undefined),
  }));
  const people = [...kept, ...made];
  writeWhole(file, `${JSON.stringify(people, null, 2)}\n`);
  return people;
}

/**
 * Nobody's: of month 13; or of a day before 1890, whose seventh digit says 1800s. Numbers were first given out in 2008 to
 * the living, so the second kind passes for a date and belongs to nobody either.
 */
export function syntheticIin(born: Born = 'month-13'): string {
  for (;;) {
    const day = pad(randomInt(1, 29), 2);
    const [yearMonth, century] =
      born === '1800s'
        ? [pad(randomInt(90), 2) + pad(randomInt(1, 13), 2), String(randomInt(1, 3))]
        : [`${pad(randomInt(100), 2)}13`, pad(randomInt(10), 1)];
    const digits = `${yearMonth}${day}${century}${pad(randomInt(100_000), 5)}`;
    if (isIin(digits)) return digits;
  }
}

/** The first number that begins so and whose control digit exists. */
function withControlDigit(stem: string): string {
  const found = Array.from({ length: 100 }, (_, end) => stem + pad(end, 2)).find(hasControlDigit);
  if (found === undefined) throw new Error(`no number begins with ${stem}`);
  return found;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
