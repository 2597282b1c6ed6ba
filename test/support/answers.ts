/**
 * Everything an app of a spec answers, whoever asked: kept by a hook in the app itself, so that no call goes unseen.
 * From the request it keeps only whom it was about, which is what the auditor holds the answer against.
 */
import { Readable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';

export interface Answer {
  /** `POST /v1/checks`, with the pattern of the route. */
  readonly route: string;
  /** As it was asked, with its query. */
  readonly url: string;
  readonly status: number;
  readonly headers: string;
  readonly text: string;
  /** The IIN that the body of the request named, or its assertion. */
  readonly iin?: string;
  /** Of a batch: the IIN of each item by its `ref`. */
  readonly iinsByRef?: ReadonlyMap<unknown, string>;
}

/** Begins to keep; called before the app is ready. */
export function keepAnswers(app: NestFastifyApplication, answers: Answer[]): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const iin = iinIn(request.body);
    // Batches leave in pieces; other streams are too long to be kept, or refusals of an unread body, and hold no receipts.
    const isBatch =
      payload instanceof Readable && request.url === '/v1/check-batches' && reply.statusCode === 200;
    const whole: unknown = isBatch ? Buffer.concat((await payload.toArray()) as Buffer[]) : payload;
    answers.push({
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      url: request.url,
      status: reply.statusCode,
      headers: JSON.stringify(reply.getHeaders()),
      text: Buffer.isBuffer(whole) || typeof whole === 'string' ? whole.toString() : '',
      ...(iin !== undefined && { iin }),
      iinsByRef: iinsByRef(request.body),
    });
    return whole;
  });
}

function iinIn(body: unknown): string | undefined {
  const { iin, citizenAssertion } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const named = iin ?? (typeof citizenAssertion === 'string' ? claimIn(citizenAssertion) : undefined);
  return typeof named === 'string' ? named : undefined;
}

function iinsByRef(body: unknown): ReadonlyMap<unknown, string> {
  const { items } = (body ?? {}) as { readonly items?: unknown };
  const named = (Array.isArray(items) ? items : []) as ({ ref?: unknown; iin?: unknown } | null)[];
  return new Map(named.flatMap((item) => (typeof item?.iin === 'string' ? [[item.ref, item.iin]] : [])));
}

/** Whether the assertion holds is the app's business. */
function claimIn(assertion: string): unknown {
  try {
    return decodeJwt(assertion)['iin'];
  } catch {
    return undefined;
  }
}
