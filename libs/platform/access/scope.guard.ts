/**
 * Which scope a route asks for. A scope counts only with the party's kind; a route that declares none lets nobody in.
 */
import type { PartyKind } from '#libs/party/party.js';
import { Problem } from '#libs/problem/problem.js';
import { tellRoute, type RouteAccess } from '../route.js';
import type { Caller } from './caller.js';

/**
 * The route, or all of a controller, needs this scope; `any`: whichever one the caller has.
 * @param kind only of parties of this kind, where the scope counts for others, too
 */
export const RequireScope = (scope: string, kind?: PartyKind): MethodDecorator & ClassDecorator =>
  tellRoute({ access: { scope, kind } });

/** @throws {Problem} `not-permitted` */
export function mustBePermitted(access: RouteAccess | undefined, { party, scopes }: Caller): void {
  if (access === undefined || access === 'public') throw new Problem('not-permitted');
  const { scope, kind } = access;
  const hasScope = scope === 'any' ? scopes.size > 0 : scopes.has(scope);
  if (!hasScope || (kind !== undefined && party.kind !== kind)) throw new Problem('not-permitted');
}
