/** The documents open on people's phones: kept in memory for as long as an application can be signed. */
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Faults } from '../outside/faults.js';
import { type Person, personNamed } from '../outside/people.js';
import { Refused } from '../outside/refused.js';
import { PhoneFailure } from './phone-failure.js';
import { type OpenedSession, type Phone, type Sent, withData } from './phone.js';

export interface PhoneSession extends OpenedSession {
  readonly id: string;
  readonly person: Person;
}

export interface PhoneParts {
  readonly phone: Phone;
  readonly people: readonly Person[];
  readonly faults: Faults;
}

const sessionMs = 15 * 60_000;
const maxSessions = 1_000;

export class PhoneSessions {
  private readonly sessions = new LRUCache<string, PhoneSession>({ max: maxSessions, ttl: sessionMs });

  constructor(private readonly parts: PhoneParts) {}

  /** @throws Refused 404 for an unknown person, PhoneFailure */
  async open(citizen: string, qr: string): Promise<PhoneSession> {
    const person = personNamed(this.parts.people, citizen);
    this.assertNetwork();
    const id = randomBytes(16).toString('base64url');
    const session = { id, person, ...(await this.parts.phone.open(qr)) };
    this.sessions.set(id, session);
    return session;
  }

  /** The session stays: pressing again shows what the registry says to a signature sent twice. @throws Refused 404 */
  async sign(id: string): Promise<Sent> {
    const { phone, faults } = this.parts;
    const session = this.sessions.get(id);
    if (session === undefined) throw new Refused(404, 'nothing is open here: scan the code again');
    this.assertNetwork();
    const mode = faults.modeOf('phone');
    if (mode === 'slow') await faults.beSlow();
    if (mode !== 'garbage') return phone.sign(session.person, session);
    return phone.send(session.invitation, await withData(session.bundle, async () => noSignature));
  }

  private assertNetwork(): void {
    if (this.parts.faults.modeOf('phone') === 'down') throw new PhoneFailure('the phone has no network');
  }
}

const noSignature = Buffer.from('this is no signature').toString('base64');
