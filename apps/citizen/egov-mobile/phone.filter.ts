/** What goes wrong, as the phone expects it: `{message}` in its language, under the status of the Problem. */
import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { asProblem } from '#libs/problem/as-problem.js';
import { problemKinds } from '#libs/problem/catalogue.js';
import { failureRecord } from '#libs/problem/failure-record.js';
import { phoneLanguage, phoneMessage } from './phone-words.js';

/** Injection token of the logger. */
export const PHONE_LOG = Symbol('PHONE_LOG');

@Catch()
export class PhoneFilter implements ExceptionFilter {
  constructor(@Inject(PHONE_LOG) private readonly log: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = asProblem(thrown);
    const { status } = problemKinds[problem.code];
    if (status >= 500)
      this.log.warn(
        {
          requestId: request.id,
          code: problem.code,
          failure: failureRecord(problem.cause ?? problem),
        },
        'a phone could not be answered',
      );
    const reply = http.getResponse<FastifyReply>();
    if (problem.retryAfterS !== undefined) void reply.header('Retry-After', String(problem.retryAfterS));
    const message = phoneMessage(problem.code, phoneLanguage(request.headers['accept-language']));
    void reply.status(status).header('Cache-Control', 'no-store').send({ message });
  }
}
