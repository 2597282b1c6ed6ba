/** `GET /v1/notices`: what happened to applications in flight. */
import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import type { NoticePage } from './notice-answer.js';
import { LongPolls } from '#libs/platform/long-poll.js';
import { NoticePageDto, NoticesQuery } from './notices.dto.js';
import { NoticesService } from './notices.service.js';

@ApiTags('notices')
@RequireScope('checks')
@Controller('v1/notices')
export class NoticesController {
  constructor(
    @Inject(NoticesService) private readonly notices: NoticesService,
    @Inject(LongPolls) private readonly polls: LongPolls,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'readNotices',
    summary: 'What happened to your applications in flight, oldest first',
    description:
      'A refusal was placed by a person about whom you have a clear check inside `noticeWindow` and have reported no loan for it since: stop that application. One notice an application and placing, within a second of it. The first fetching of each is recorded. It replaces no check: before money moves, ask again.',
  })
  @ApiOkResponse({ type: NoticePageDto })
  read(@Query() { after, limit, wait }: NoticesQuery, @Req() request: CallerRequest): Promise<NoticePage> {
    const { clientId } = request.party;
    const call = { ...(after !== undefined && { after }), limit, waitMs: wait * 1000 };
    return this.polls.wait(request, clientId, (gone) => this.notices.read(clientId, { ...call, gone }));
  }
}
