/** How a tile leaves: kept for good by whoever asked, and a bundle compressed where that is taken. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TileAt } from '#libs/tlog/tile.js';

const compress = promisify(gzip);

/** Sets the headers. @returns the body */
export async function sendTile(
  request: FastifyRequest,
  reply: FastifyReply,
  { at, bytes }: { readonly at: TileAt; readonly bytes: Buffer },
): Promise<Buffer> {
  void reply
    .header('Content-Type', 'application/octet-stream')
    .header('Cache-Control', 'public, max-age=31536000, immutable');
  if (at.level !== 'entries') return bytes;
  void reply.header('Vary', 'Accept-Encoding');
  if (!takesGzip(request.headers['accept-encoding'])) return bytes;
  void reply.header('Content-Encoding', 'gzip');
  return compress(bytes);
}

/** RFC 9110 §12.5.3, as far as gzip is concerned: hashes do not compress, and bundles are small. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  const codings = String(accepted ?? '')
    .split(',')
    .map((each) =>
      each
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    );
  const gzipped = codings.find(([coding]) => coding === 'gzip' || coding === 'x-gzip');
  return gzipped !== undefined && !gzipped.slice(1).some((weight) => /^q=0(\.0*)?$/.test(weight));
}
