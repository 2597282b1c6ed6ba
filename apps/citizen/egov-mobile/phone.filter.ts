/** What goes wrong, as the phone expects it: `{message}` in its language, under the status of the Problem. */
import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asProblem } from '#libs/problem/as-problem.js';
import { problemKinds } from '#libs/problem/catalogue.js';
import { CallerLines } from '#libs/platform/caller-lines.js';
import { failureRecord } from '#libs/problem/failure-record.js';
import { phoneLanguage, phoneMessage } from './phone-words.js';

@Catch()
export class PhoneFilter implements ExceptionFilter {
  constructor(@Inject(CallerLines) private readonly lines: CallerLines) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = asProblem(thrown);
    const { status } = problemKinds[problem.code];
    if (status >= 500)
      this.lines.of(request).warn(
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
