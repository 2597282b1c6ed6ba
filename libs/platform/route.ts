/**
 * What a route says of itself, in Fastify's own configuration of the route, because hooks judge a call by it before a
 * byte of its body is read: who may call it, what it counts against, how large its body may be.
 */
import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyContextConfig } from 'fastify';
import type { PartyKind } from '#libs/party/party.js';
import type { Problem } from '#libs/problem/problem.js';

/** Who may call: everybody, or a known party by what it was granted. */
export type RouteAccess = 'public' | PartyAccess;
export interface PartyAccess {
  /** A scope that counts for the caller; `any`: whichever it has. */
  readonly scope: string;
  /** Only parties of this kind. */
  readonly kind?: PartyKind | undefined;
}

/** Which limit a call counts against; `itself` when a guard of the route's own counts. */
export type LimitName = 'reads' | 'acts' | 'address' | 'itself';

/** How large a body may be; one that is larger is refused before it is read. */
export interface BodyBounds {
  readonly bytes: number;
  /** Objects, lists and everything in them; 10 000 unless the route says more. */
  readonly values?: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: the route is closed to everybody. */
    readonly access?: RouteAccess;
    /** Absent: `reads` of a GET, `acts` of the rest, nothing of a public route. */
    readonly limitedBy?: LimitName;
    /** Absent: the route takes no body. */
    readonly body?: BodyBounds;
    /** Media type of the body where it is not JSON, and the route reads it itself. */
    readonly mediaType?: string;
    /** How a refusal is shown where the caller knows other statuses and another body than `application/problem+json`. */
    readonly refusalAs?: (problem: Problem, headers: RefusedHeaders) => ShownRefusal;
  }
}

/** A refusal in a protocol that is not ours: its status, and the members of a JSON object. */
export interface ShownRefusal {
  readonly status: number;
  readonly body: object;
}

/** What is looked at of a request that is refused. */
export interface RefusedHeaders {
  readonly 'accept-language'?: string | undefined;
}

const { KEY: routeConfig } = RouteConfig({});

/** Says something of a route, or of all routes of a controller that do not say it themselves. */
export function tellRoute(said: FastifyContextConfig): MethodDecorator & ClassDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (descriptor !== undefined) {
      const method = descriptor.value as object;
      Reflect.defineMetadata(routeConfig, { ...saidBy(method), ...said }, method);
      return;
    }
    const { prototype } = target as { readonly prototype: object };
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype)))
      if (typeof value === 'function' && value !== target)
        Reflect.defineMetadata(routeConfig, { ...said, ...saidBy(value as object) }, value as object);
  };
}

function saidBy(method: object): FastifyContextConfig {
  return (Reflect.getMetadata(routeConfig, method) ?? {}) as FastifyContextConfig;
}

/** The route takes a JSON body of so many bytes at most, with so many values where the usual 10 000 are too few. */
export function TakesBody(bytes: number, values?: number): MethodDecorator {
  const body = { bytes, ...(values !== undefined && { values }) };
  return applyDecorators(tellRoute({ body }), ApiExtension('x-max-body-bytes', bytes));
}

/** For bodies of a few members: an assertion of a citizen is the largest of them. */
export const smallBody = 16 * 1024;
