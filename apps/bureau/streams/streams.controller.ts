/** The stream of a bureau: polls (RFC 8936), keys, replay, snapshot and position. */
import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { eventKinds, eventUri, verificationEvent } from '#libs/feed/security-event.js';
import { uuidToId } from '#libs/journal/id.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { LongPolls } from '#libs/platform/long-poll.js';
import { inPieces } from '#libs/platform/pieces.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import {
  DayKeys,
  DayKeysQuery,
  EventsQuery,
  PollAnswer,
  PollRequest,
  PositionRequest,
  SignedItems,
  SnapshotQuery,
  StatusQuery,
  StreamConfiguration,
  StreamStatus,
} from './streams.dto.js';
import { StreamsService } from './streams.service.js';

/** Injection token: the public base URL of this app, `iss` of SETs. */
export const BUREAU_BASE = Symbol('BUREAU_BASE');

@ApiTags('streams')
@RequireScope('feed')
@Controller('v1')
export class StreamsController {
  constructor(
    @Inject(StreamsService) private readonly streams: StreamsService,
    @Inject(BUREAU_BASE) private readonly base: string,
    @Inject(LongPolls) private readonly polls: LongPolls,
  ) {}

  @Get('streams')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listStreams', summary: 'Your stream, as SSF 1.0 describes one' })
  @ApiOkResponse({ type: [StreamConfiguration] })
  async list(@Req() { party: { clientId } }: CallerRequest): Promise<readonly StreamConfiguration[]> {
    const events = eventKinds.map((kind) => eventUri(this.base, kind));
    return (await this.streams.list(clientId)).map(({ uuid, ackedSeq, headSeq }) => {
      const streamId = uuidToId('str', uuid);
      return {
        ...{ stream_id: streamId, iss: this.base, aud: clientId },
        ...{
          events_supported: [...events, verificationEvent],
          events_requested: events,
          events_delivered: events,
        },
        delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: `${this.base}/v1/streams/${streamId}/poll` },
        ...{ acked_seq: ackedSeq, head_seq: headSeq },
      };
    });
  }

  @Get('stream-status')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readStreamStatus', summary: 'Whether the stream delivers: it always does' })
  @ApiOkResponse({ type: StreamStatus })
  async status(@Query() query: StatusQuery, @Req() request: CallerRequest): Promise<StreamStatus> {
    await this.streams.own(request.party.clientId, query.stream_id);
    return { stream_id: query.stream_id, status: 'enabled' };
  }

  @Post('streams/:streamId/poll')
  // Five thousand `jti` acknowledged, and some to spare.
  @TakesBody(1024 * 1024)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({ operationId: 'pollStream', summary: 'Acknowledge and fetch the next SETs (RFC 8936)' })
  @ApiOkResponse({ type: PollAnswer, headers: { 'Stream-Head-Seq': { schema: { type: 'integer' } } } })
  async poll(
    @Param('streamId') streamId: string,
    @Body() body: PollRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const { maxEvents, returnImmediately, ack, setErrs } = body;
    const setErrors = new Map(Object.entries(setErrs).map(([jti, error]) => [jti, errorCodeOf(error)]));
    const ask = { maxEvents, returnImmediately, ack, setErrors };
    const { clientId } = request.party;
    const { sets, moreAvailable, headSeq } = await this.polls.wait(request, clientId, (gone) =>
      this.streams.poll(clientId, streamId, ask, gone),
    );
    void reply.header('Stream-Head-Seq', String(headSeq));
    const answer: PollAnswer = { sets, moreAvailable };
    return inPieces(Buffer.from(JSON.stringify(answer)), reply);
  }

  @Get('streams/:streamId/keys')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'listDayKeys',
    summary: 'Day keys since the stream began, wrapped for your key',
  })
  @ApiOkResponse({ type: DayKeys })
  keys(
    @Param('streamId') streamId: string,
    @Query() query: DayKeysQuery,
    @Req() request: CallerRequest,
  ): Promise<DayKeys> {
    return this.streams.keys(request.party.party, streamId, query);
  }

  @Get('streams/:streamId/events')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'replayStream', summary: 'SETs after a number, whatever was acknowledged' })
  @ApiOkResponse({ type: SignedItems })
  events(
    @Param('streamId') streamId: string,
    @Query() query: EventsQuery,
    @Req() request: CallerRequest,
  ): Promise<SignedItems> {
    return this.streams.replay(request.party.clientId, streamId, query);
  }

  @Get('streams/:streamId/snapshot')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readSnapshot',
    summary:
      'The newest placing of each person in force, one JSON line each; then set the position to `Stream-Snapshot-Seq`',
  })
  @ApiOkResponse({
    content: { 'application/x-ndjson': { schema: { type: 'string' } } },
    headers: { 'Stream-Snapshot-Seq': { schema: { type: 'integer' } } },
  })
  async snapshot(
    @Param('streamId') streamId: string,
    @Query() query: SnapshotQuery,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const { atSeq, lines } = await this.streams.snapshot(request.party.clientId, streamId, query);
    void reply.header('Stream-Snapshot-Seq', String(atSeq));
    return new StreamableFile(Readable.from(lines, { objectMode: false }), { type: 'application/x-ndjson' });
  }

  @Post('streams/:streamId/position')
  @TakesBody(smallBody)
  @HttpCode(204)
  @ApiOperation({ operationId: 'setPosition', summary: 'Let delivery go on behind this number' })
  @ApiNoContentResponse()
  position(
    @Param('streamId') streamId: string,
    @Body() { afterSeq }: PositionRequest,
    @Req() request: CallerRequest,
  ): Promise<void> {
    return this.streams.position(request.party.clientId, streamId, afterSeq);
  }

  @Post('streams/:streamId/verification')
  @TakesBody(smallBody)
  @HttpCode(204)
  @ApiOperation({
    operationId: 'askVerification',
    summary: 'Ask for a verification event with the next poll',
  })
  @ApiNoContentResponse()
  verify(@Param('streamId') streamId: string, @Req() request: CallerRequest): Promise<void> {
    return this.streams.verify(request.party.clientId, streamId);
  }
}

/** RFC 8935 §2.4, to which RFC 8936 refers: a code of the caller's own would be a time series of its own. */
const errorCodes: ReadonlySet<unknown> = new Set([
  ...['invalid_request', 'invalid_key', 'invalid_issuer', 'invalid_audience'],
  ...['authentication_failed', 'access_denied'],
]);

function errorCodeOf(error: unknown): string {
  const code = (error as { readonly err?: unknown } | null)?.err;
  return errorCodes.has(code) ? String(code) : 'other';
}
