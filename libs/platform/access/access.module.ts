/**
 * Who is calling, wired into an app: the guard of token, scope and limits before any body, the RFC 9728 page, and the
 * `DPoP-Nonce` header on every answer. The app brings the directory of parties under `PARTY_DIRECTORY`
 * and its `CallLimits`.
 */
import { randomBytes } from 'node:crypto';
import { Inject, Module, type DynamicModule, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { errors, type JWTVerifyGetKey } from 'jose';
import { machineClock, type Clock } from '../clock.js';
import { AccessGuard, RESOURCE_METADATA_URL } from './access.guard.js';
import { ACCESS_CLOCK, AccessStrategy, CALLER_CHECKS } from './access.strategy.js';
import type { CallerChecks, PartyDirectory } from './caller.js';
import { dpopNonces } from './dpop-nonces.js';
import { proofLifeMs } from './dpop.js';
import { issuerKeys } from './issuer-keys.client.js';
import { LimitGuard, LISTENERS } from '../limits/limit.guard.js';
import type { Listeners } from './mtls.js';
import { proofKeys } from './proof-keys.js';
import { PROTECTED_RESOURCE, ProtectedResourceController } from './protected-resource.controller.js';
import { replaySet } from './replay-set.js';
import { tokenVerifier } from './token-verifier.js';

/** Injection token of the app's `PartyDirectory`; one of `imports` exports it, and `CallLimits`. */
export const PARTY_DIRECTORY = Symbol('PARTY_DIRECTORY');

export interface AccessSettings {
  readonly issuer: string;
  /** Scopes the routes of this app ask for. */
  readonly scopes: readonly string[];
  /** `plain.publicBase` is the audience of tokens, on every listener. */
  readonly listeners: Listeners;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  /** Machine time; the machine's own clock unless a test says otherwise. */
  readonly clock?: Clock;
  /** Finds the issuer's keys; `<issuer>/jwks` unless a test says otherwise. */
  readonly keys?: JWTVerifyGetKey;
}

@Module({})
export class PartyAccessModule implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(CALLER_CHECKS) private readonly checks: CallerChecks,
    @Inject(ACCESS_CLOCK) private readonly clock: Clock,
    @Inject(AccessGuard) private readonly guard: AccessGuard,
    @Inject(LimitGuard) private readonly limits: LimitGuard,
  ) {}

  static register(settings: AccessSettings): DynamicModule {
    const clock = settings.clock ?? machineClock;
    const audience = settings.listeners.plain.publicBase;
    return {
      module: PartyAccessModule,
      imports: settings.imports,
      controllers: [ProtectedResourceController],
      providers: [
        { provide: ACCESS_CLOCK, useValue: clock },
        { provide: RESOURCE_METADATA_URL, useValue: `${audience}/.well-known/oauth-protected-resource` },
        { provide: PROTECTED_RESOURCE, useValue: metadataOf(settings) },
        {
          provide: CALLER_CHECKS,
          inject: [PARTY_DIRECTORY],
          useFactory: (directory: PartyDirectory) => checksOf(settings, clock, directory),
        },
        AccessStrategy,
        AccessGuard,
        LimitGuard,
        { provide: LISTENERS, useValue: settings.listeners },
      ],
    };
  }

  /** Every answer carries a nonce, errors and 404 too, so that a client is never more than one request behind. */
  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply, done) => {
      void reply.header('DPoP-Nonce', this.checks.proofs.nonces.current(this.clock()));
      done();
    });
    fastify.addHook('onRequest', (request, reply, done) => this.guard.onRequest(request, reply, done));
    fastify.addHook('onRequest', (request, reply, done) => this.limits.onRequest(request, reply, done));
  }
}

function checksOf(settings: AccessSettings, clock: Clock, directory: PartyDirectory): CallerChecks {
  const { issuer, listeners } = settings;
  const issuers = settings.keys ?? issuerKeys(issuer, clock);
  const keys: JWTVerifyGetKey = (header, token) => {
    if (directory.isCompromised(header.kid ?? '')) throw new errors.JWKSNoMatchingKey();
    return issuers(header, token);
  };
  const tokens = tokenVerifier({ issuer, audience: listeners.plain.publicBase, keys });
  directory.onRulesChanged(() => tokens.clear());
  const proofs = { nonces: dpopNonces(randomBytes(32)), used: replaySet(proofLifeMs), keys: proofKeys() };
  return { tokens, proofs, listeners, directory };
}

function metadataOf(settings: AccessSettings): object {
  return {
    resource: settings.listeners.plain.publicBase,
    authorization_servers: [settings.issuer],
    scopes_supported: settings.scopes,
    bearer_methods_supported: ['header'],
    tls_client_certificate_bound_access_tokens: true,
    dpop_signing_alg_values_supported: ['ES256', 'PS256'],
  };
}
