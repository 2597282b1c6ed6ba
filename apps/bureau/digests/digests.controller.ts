/** `POST /v1/digests` and per bucket: whether a bureau holds exactly what the registry holds, and if not, what differs. */
import { Body, Controller, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { smallBody, TakesBody } from '#libs/platform/route.js';
import { Problem } from '#libs/problem/problem.js';
import { AgreementAnswer, BucketRequest, DifferenceAnswer, DigestRequest } from './digests.dto.js';
import { DigestsService } from './digests.service.js';

@ApiTags('digests')
@RequireScope('stamps')
@Controller('v1/digests')
export class DigestsController {
  constructor(@Inject(DigestsService) private readonly digests: DigestsService) {}

  @Post()
  // 256 values of 32 bytes in base64url.
  @TakesBody(smallBody)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'compareDigest',
    summary: 'Post your vector; learn whether and where it differs',
  })
  @ApiOkResponse({ type: AgreementAnswer })
  async compare(@Body() body: DigestRequest, @Req() request: CallerRequest): Promise<AgreementAnswer> {
    const { atSeq, inForce, buckets } = body;
    const vector = buckets.map((value) => Buffer.from(value, 'base64url'));
    return this.digests.compare(request.party.clientId, { atSeq, inForce, vector });
  }

  @Post(':bucket')
  @HttpCode(200)
  @TakesBody(6 * 1024 * 1024, 110_000)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'compareBucket',
    summary: 'Post your items of a differing bucket; learn which differ',
  })
  @ApiParam({ name: 'bucket', schema: { type: 'integer', minimum: 0, maximum: 255 } })
  @ApiOkResponse({ type: DifferenceAnswer })
  async compareBucket(
    @Param('bucket') bucket: string,
    @Body() { atSeq, items }: BucketRequest,
    @Req() request: CallerRequest,
  ): Promise<DifferenceAnswer> {
    if (!/^(0|[1-9]\d{0,2})$/.test(bucket) || Number(bucket) > 255) throw new Problem('not-found');
    const { clientId } = request.party;
    const asked = { atSeq, items: new Set(items) };
    const { missing, extra } = await this.digests.compareItems(clientId, Number(bucket), asked);
    return {
      missing: missing.map(({ subId, version }) => ({ sub_id: subId.toString('base64url'), version })),
      extra,
    };
  }
}
