/** The outside world for specs: an authority, two people (`aigul` with two certificates, `bolat` with an RSA key), and a registry clock that moves only when it is told to. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { request } from 'undici';
import type { Credential } from '../../apps/sandbox/nca/issue.js';
import { createAuthority, issuePerson } from '../../apps/sandbox/nca/nca.js';
import type { OutsideOptions } from '../../apps/sandbox/outside/outside.js';
import type { Person } from '../../apps/sandbox/outside/people.js';

export interface OutsideWorld {
  readonly options: OutsideOptions;
  /** Registry time in ms, moved by `advanceClock`. */
  now(): number;
  /** Lets machine and registry time pass. */
  pass(ms: number): void;
  /** Leaves nothing behind. */
  end(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const startsAt = Date.UTC(2026, 4, 4, 9, 30, 0, 250);
const vectors = JSON.parse(readFileSync(new URL('../vectors/iin-vectors.json', import.meta.url), 'utf8')) as {
  valid: readonly { iin: string }[];
};

/** Options for `createOutside` or `startOutside`, with a state of their own. @param changes over the defaults */
export async function outsideWorld(changes: Partial<OutsideOptions> = {}): Promise<OutsideWorld> {
  let at = startsAt;
  const options: OutsideOptions = {
    host: '127.0.0.1',
    port: 0,
    base: 'http://127.0.0.1:8090',
    citizenBase: 'http://127.0.0.1:8080',
    registryNow: async () => at,
    advanceClock: async (hours) => (at += hours * HOUR_MS),
    ...(await inhabitants()),
    stateDir: await mkdtemp(join(tmpdir(), 'tyiym-outside-')),
    egovIdp: {
      clientId: 'tyiym-pages',
      clientSecret: 'a secret: with & signs',
      redirectUris: ['http://127.0.0.1:8080/session/return?from=egov'],
    },
    clock: () => at,
    slowMs: 200,
    ...changes,
  };
  return {
    options,
    now: () => at,
    pass: (ms) => void (at += ms),
    end: () => rm(options.stateDir, { recursive: true }),
  };
}

type Inhabitants = Pick<OutsideOptions, 'authority' | 'people'>;
let made: Promise<Inhabitants> | undefined;

/** Made once a spec file, because keys take time. */
function inhabitants(): Promise<Inhabitants> {
  made ??= makeInhabitants();
  return made;
}

async function makeInhabitants(): Promise<Inhabitants> {
  const authority = await createAuthority({ at: startsAt });
  const issue = (iin: string, keyKind: 'rsa' | 'ec'): Promise<Credential> => {
    const name = { surname: 'Сынақова', given: 'Айгүл' };
    return issuePerson(authority, { iin, name, keyKind, at: startsAt - HOUR_MS });
  };
  const [first = '', second = ''] = vectors.valid.map(({ iin }) => iin);
  const aigul: Person = {
    name: 'aigul',
    iin: first,
    ...(await issue(first, 'ec')),
    otherCertPems: [(await issue(first, 'ec')).certPem],
    phone: '+77000000001',
  };
  const bolat: Person = { name: 'bolat', iin: second, ...(await issue(second, 'rsa')) };
  return { authority, people: [aigul, bolat] };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, parameters as a form, a text as it is. */
  readonly body?: object | URLSearchParams | string;
}

export type Ask = (method: 'GET' | 'POST', path: string, asking?: Asking) => Promise<Reply>;

/** Lets a server listen on a port of its own; asks it over the wire, because its `inject` does not run under jest. */
export async function asking(app: FastifyInstance): Promise<Ask> {
  const base = await app.listen({ host: '127.0.0.1', port: 0 });
  return async (method, path, { headers = {}, body } = {}) => {
    const [type, sent] = contentOf(body);
    const answer = await request(`${base}${path}`, {
      method,
      headers: { ...(type !== undefined && { 'content-type': type }), ...headers },
      body: sent ?? null,
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const text = bytes.toString('utf8');
    return { status: answer.statusCode, headers: answer.headers, bytes, text, json: parsed(text) };
  };
}

function contentOf(body: Asking['body']): [string?, string?] {
  if (body === undefined || typeof body === 'string') return [undefined, body];
  if (body instanceof URLSearchParams) return ['application/x-www-form-urlencoded', body.toString()];
  return ['application/json', JSON.stringify(body)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
