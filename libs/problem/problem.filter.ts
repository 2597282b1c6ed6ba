/**
 * The one place where a failure becomes an answer: RFC 9457, one line in the log at most, silence about the unknown.
 * Headers that were set before (a challenge, a nonce) are kept.
 */
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { asProblem } from './as-problem.js';
import { problemKinds } from './catalogue.js';
import { failureRecord } from './failure-record.js';
import { problemDocument, problemMediaType } from './problem-document.js';
import type { Problem } from './problem.js';

/** What is needed of pino. */
export interface FailureLog {
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}

/** Where what happened to a request is written: lines about callers that are not known may be left out. */
export interface FailureLogs<R> {
  of(request: R): FailureLog;
}

/** What is needed of a Fastify request and reply. */
interface Request {
  readonly id: string;
  readonly headers: { readonly 'accept-language'?: string };
  readonly routeOptions?: { readonly config?: { readonly refusalAs?: RefusalAs } };
}
/** How a route shows its refusals where it speaks another protocol; headers stay. */
type RefusalAs = (
  problem: Problem,
  headers: Request['headers'],
) => { readonly status: number; readonly body: object };

interface Reply {
  readonly sent: boolean;
  hasHeader(name: string): boolean;
  header(name: string, value: string): Reply;
  status(code: number): Reply;
  send(body: Buffer): Reply;
}

@Catch()
export class ProblemFilter<R> implements ExceptionFilter {
  /** @param base public base URL of the log, without a final slash: where the problem pages are. */
  constructor(
    private readonly base: string,
    private readonly logs: FailureLogs<R>,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem = asProblem(thrown);
    const request = http.getRequest<R & Request>();
    // What the framework refused by itself needs no line: the answer's code says all of it.
    if (problem === thrown || problemKinds[problem.code].status >= 500) this.record(problem, request);
    const reply = http.getResponse<Reply>();
    // An answer that is on its way cannot be taken back; the log has the failure.
    if (!reply.sent) this.answer(reply, problem, request);
  }

  private record(problem: Problem, request: R & Request): void {
    if (problem.cause === undefined && problem.code !== 'internal') return;
    const log = this.logs.of(request);
    const record = {
      requestId: request.id,
      code: problem.code,
      failure: failureRecord(problem.cause ?? problem),
    };
    const { status } = problemKinds[problem.code];
    if (status === 500) log.error(record, 'a request failed');
    else if (status === 503) log.warn(record, 'a request could not be answered');
    else log.info(record, 'a request was refused');
  }

  private answer(reply: Reply, problem: Problem, { id, headers, routeOptions }: Request): void {
    const document = problemDocument(problem, this.base, id);
    const shown = routeOptions?.config?.refusalAs?.(problem, headers);
    if (problem.retryAfterS !== undefined) reply.header('Retry-After', String(problem.retryAfterS));
    // RFC 9110 §15.5.2: a 401 without a challenge is not one.
    if (shown === undefined && document.status === 401 && !reply.hasHeader('WWW-Authenticate'))
      reply.header('WWW-Authenticate', 'DPoP algs="ES256 PS256"');
    reply
      .status(shown?.status ?? document.status)
      .header('Content-Type', shown === undefined ? problemMediaType : 'application/json')
      .header('Cache-Control', 'no-store')
      // Bytes, because Fastify would add a charset to a text, and this media type has none.
      .send(Buffer.from(JSON.stringify(shown?.body ?? document)));
  }
}
