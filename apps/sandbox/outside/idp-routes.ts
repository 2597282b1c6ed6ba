/**
 * eGov's identity provider as our citizen pages meet it: OAuth 2.0 code flow (RFC 6749 §4.1) with a client that proves
 * itself by HTTP Basic, and the person's number and phone behind the access token. There is no id token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '#libs/platform/clock.js';
import type { Faults } from './faults.js';
import { IdpGrants, tokenSeconds } from './idp-grants.js';
import { html, sendPage } from './page.js';
import { calledInCertificate, type Person, personNamed } from './people.js';
import { Refused } from './refused.js';
import { formMembers } from './server.js';

export interface IdpClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Compared letter by letter. */
  readonly redirectUris: readonly string[];
}

export interface IdpParts {
  readonly client: IdpClient;
  readonly people: readonly Person[];
  readonly faults: Faults;
  /** Machine time. */
  readonly clock: Clock;
}

type Members = Readonly<Record<string, string>>;

interface Idp extends IdpParts {
  readonly grants: IdpGrants;
  readonly preHandler: ReturnType<Faults['strike']>;
  /** Whether what it gives has already expired. */
  readonly isStale: () => boolean;
}

/** Puts `/egov/idp/oauth/{authorize,token}` and `/egov/idp/resource/user/{basic,phone}` in place. */
export function idpRoutes(app: FastifyInstance, parts: IdpParts): void {
  const idp: Idp = {
    ...parts,
    grants: new IdpGrants(parts.clock),
    preHandler: parts.faults.strike('idp'),
    isStale: () => parts.faults.modeOf('idp') === 'stale',
  };
  authorizeRoutes(app, idp);
  tokenRoute(app, idp);
  resourceRoutes(app, idp);
}

function authorizeRoutes(app: FastifyInstance, { client, people, grants, isStale, preHandler }: Idp): void {
  const authorize = (members: Members, reply: FastifyReply): FastifyReply => {
    const { redirect_uri, state, login } = members;
    const redirectUri = knownRedirect(client, members.client_id, redirect_uri);
    const back = (answer: Members): FastifyReply =>
      reply.redirect(withAnswer(redirectUri, answer, state), 303);
    if (members.response_type !== 'code') return back({ error: 'unsupported_response_type' });
    if (login === undefined) return sendSignIn(reply, members, people);
    // A stale code was given for no address, so that none redeems it.
    const code = grants.newCode(personNamed(people, login), isStale() ? '' : redirectUri);
    return back({ code });
  };
  const path = '/egov/idp/oauth/authorize';
  app.get(path, { preHandler }, (request, reply) => authorize(queryOf(request), reply));
  app.post(path, { preHandler }, (request, reply) => authorize(formOf(request), reply));
}

/** Errors are those of RFC 6749 §5.2. */
function tokenRoute(app: FastifyInstance, { client, grants, preHandler }: Idp): void {
  app.post('/egov/idp/oauth/token', { preHandler }, async (request, reply) => {
    if (!provesItself(client, request.headers.authorization)) {
      void reply.header('www-authenticate', 'Basic realm="egov"');
      throw new Refused(401, 'invalid_client');
    }
    const { grant_type, code, redirect_uri } = formOf(request);
    if (grant_type !== 'authorization_code') throw new Refused(400, 'unsupported_grant_type');
    if (code === undefined || redirect_uri === undefined) throw new Refused(400, 'invalid_request');
    const token = grants.redeem(code, redirect_uri);
    if (token === undefined) throw new Refused(400, 'invalid_grant');
    return { access_token: token, token_type: 'bearer', expires_in: tokenSeconds };
  });
}

/** Errors are those of RFC 6750 §3. */
function resourceRoutes(app: FastifyInstance, { grants, isStale, preHandler }: Idp): void {
  const bearer = ({ headers }: FastifyRequest, reply: FastifyReply): Person => {
    const [, token] = /^Bearer ([\w-]+)$/i.exec(headers.authorization ?? '') ?? [];
    const person = token === undefined || isStale() ? undefined : grants.bearer(token);
    if (person !== undefined) return person;
    void reply.header('www-authenticate', 'Bearer error="invalid_token"');
    throw new Refused(401, 'invalid_token');
  };
  app.get('/egov/idp/resource/user/basic', { preHandler }, async (request, reply) => {
    const person = bearer(request, reply);
    const { surname, given } = calledInCertificate(person);
    return { person: { iin: person.iin, surname, name: given } };
  });
  app.get('/egov/idp/resource/user/phone', { preHandler }, async (request, reply) => {
    const { phone } = bearer(request, reply);
    if (phone === undefined) throw new Refused(404, 'this person gave no phone number');
    return { phone };
  });
}

/** The page on which one says who one is. Choosing is a link's worth of trust: nobody here is real. */
function sendSignIn(reply: FastifyReply, members: Members, people: readonly Person[]): FastifyReply {
  const hidden = Object.entries(members).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const buttons = people.map(({ name }) => html`<button name="login" value="${name}">${name}</button>`);
  return sendPage(
    reply,
    'Sign in to eGov as',
    html`<form method="post" action="/egov/idp/oauth/authorize">${hidden} ${buttons}</form>`,
  );
}

/** Only a known client at an address of its own is sent anything (RFC 6749 §4.1.2.1). @throws Refused 400 */
function knownRedirect(
  client: IdpClient,
  clientId: string | undefined,
  redirectUri: string | undefined,
): string {
  if (clientId !== client.clientId) throw new Refused(400, 'client_id is not known');
  const known = client.redirectUris.find((uri) => uri === redirectUri);
  if (known === undefined) throw new Refused(400, 'redirect_uri is not one of this client');
  return known;
}

function withAnswer(redirectUri: string, answer: Members, state: string | undefined): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, ...(state !== undefined && { state }) }))
    url.searchParams.set(name, value);
  return url.href;
}

/** Both halves are form-encoded inside Basic (RFC 6749 §2.3.1). */
function provesItself({ clientId, clientSecret }: IdpClient, authorization: string | undefined): boolean {
  const [, credentials] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '') ?? [];
  if (credentials === undefined) return false;
  const expected = new URLSearchParams([[clientId, clientSecret]]).toString().replace('=', ':');
  const plain = `${clientId}:${clientSecret}`;
  const given = Buffer.from(credentials, 'base64').toString('utf8');
  return equal(given, expected) || equal(given, plain);
}

function equal(a: string, b: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** What nobody asked for is left out of account, as RFC 6749 §3.1 says; twice the same name is not. */
function queryOf({ url }: FastifyRequest): Members {
  return formMembers(new URL(url, 'http://outside').searchParams);
}

function formOf({ body, headers }: FastifyRequest): Members {
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true)
    throw new Refused(415, 'send a form');
  return body as Members;
}
