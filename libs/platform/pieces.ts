/**
 * A long answer in pieces. Megabytes written at once are still draining when the caller, who has them all, asks again;
 * node then pauses its parser and takes the rest of the question for an error (HPE_PAUSED), which resets the connection.
 */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Below what a socket holds before it waits, 16 KiB. */
const pieceLength = 8192;

/** The answer as a stream that waits for the socket; the reply says how long it is. */
export function inPieces(answer: Buffer, reply: FastifyReply): Readable {
  void reply.header('Content-Length', answer.length);
  return Readable.from(piecesOf(answer));
}

function* piecesOf(answer: Buffer): Generator<Buffer> {
  for (let at = 0; at < answer.length; at += pieceLength) yield answer.subarray(at, at + pieceLength);
}
