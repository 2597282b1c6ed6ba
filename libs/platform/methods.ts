/**
 * Methods of paths: what a path knows is told to a caller who sends another (RFC 9110 §15.5.6). Looked for only when no
 * route was found, so that a request which is answered pays nothing for it.
 */
import type { FastifyInstance } from 'fastify';

/** What is known of paths; filled as routes are registered. */
export class KnownMethods {
  private readonly byPattern = new Map<string, Set<string>>();

  /** @param pattern as routes are registered: `:name` stands for a segment, `*` at the end for any rest */
  add(pattern: string, methods: readonly string[]): void {
    const known = this.byPattern.get(pattern) ?? new Set();
    for (const method of methods) known.add(method);
    this.byPattern.set(pattern, known);
  }

  /** @returns the methods of `Allow`, in alphabetical order; none when no route has this path */
  of(path: string): readonly string[] {
    const given = path.split('/').map(decoded);
    const found = [...this.byPattern].filter(([pattern]) => isPathOf(given, pattern.split('/')));
    return [...new Set(found.flatMap(([, methods]) => [...methods]))].toSorted();
  }
}

/** Wires it in; before any route is registered. */
export function knownMethods(fastify: FastifyInstance): KnownMethods {
  const known = new KnownMethods();
  fastify.addHook('onRoute', ({ url, method }) => known.add(url, [method].flat()));
  return known;
}

function isPathOf(given: readonly string[], pattern: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*';
  if (isOpen ? given.length < pattern.length : given.length !== pattern.length) return false;
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  return fixed.every((part, at) => (part.startsWith(':') ? given[at] !== '' : part === given[at]));
}

/** A path spelled with escapes is the same path; one that cannot be decoded is none. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '\0';
  }
}
