/** `GET /v1/party`: what the registry knows of the caller, so that an expiring key or a limit is seen before it fails. */
import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { formatInstant } from '#libs/journal/instant.js';
import type { CallerRequest } from '#libs/platform/access/access.guard.js';
import { RequireScope } from '#libs/platform/access/scope.guard.js';
import { CallLimits } from '#libs/platform/limits/call-limits.service.js';
import { LookalikeView, lookalikeViews } from '#libs/platform/lookalike.dto.js';
import { scopesOf } from '#libs/party/party.js';
import { LoansService } from '../loans/loans.service.js';
import { NoticesService } from '../notices/notices.service.js';
import { CheckLimits } from '../limits/check-limits.service.js';

class PartyKeyView {
  @ApiProperty() readonly kid: string;
  @ApiProperty({ enum: ['sig', 'enc'] }) readonly use: string;
  @ApiProperty({ type: String, nullable: true }) readonly certSha256: string | null;
  @ApiProperty({ format: 'date-time' }) readonly notBefore: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly expiresAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly retiredAt: string | null;
}

class LimitView {
  @ApiProperty({
    description: 'Name of the policy, as in `RateLimit-Policy`.',
    enum: ['checks', 'checks-beyond', 'reads', 'acts'],
  })
  readonly policy: string;
  @ApiProperty({ description: 'Calls in a window; of `checks`, each item of a batch counts as one.' })
  readonly quota: number;
  @ApiProperty() readonly windowSeconds: number;
}

class PeopleAskedView {
  @ApiProperty({ description: 'Different people you have asked about on this legal day (Asia/Almaty).' })
  readonly people: number;
  @ApiProperty({
    description: 'From so many on, checks are answered 429 `too-many-requests` until the day ends.',
  })
  readonly ceiling: number;
  @ApiProperty({ format: 'date-time', description: 'When the day ends.' }) readonly endsAt: string;
}

class PartyView {
  @ApiProperty() readonly clientId: string;
  @ApiProperty() readonly kind: string;
  @ApiProperty() readonly bin: string;
  @ApiProperty({ type: [String] }) readonly scopes: readonly string[];
  @ApiProperty({ type: [PartyKeyView] }) readonly keys: readonly PartyKeyView[];
  @ApiProperty({ type: [LimitView], description: 'Over all processes of this app.' })
  readonly limits: readonly LimitView[];
  @ApiProperty({
    type: PeopleAskedView,
    nullable: true,
    description: 'As they were counted last, some seconds ago; null when none were counted today.',
  })
  readonly peopleAsked: PeopleAskedView | null;
  @ApiProperty({
    type: [LookalikeView],
    description:
      'References of yours that may be the IIN of somebody, since they are counted: number your contracts otherwise.',
  })
  readonly referencesLikeIins: readonly LookalikeView[];
  @ApiProperty({
    type: 'integer',
    description: 'Notices that were never fetched; more than 10 000 are not counted.',
  })
  readonly noticesBehind: number;
}

@ApiTags('party')
@RequireScope('any')
@Controller('v1/party')
export class PartyController {
  constructor(
    @Inject(CheckLimits) private readonly checks: CheckLimits,
    @Inject(CallLimits) private readonly calls: CallLimits,
    @Inject(NoticesService) private readonly notices: NoticesService,
    @Inject(LoansService) private readonly loans: LoansService,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'readParty', summary: 'Your own scopes, keys, limits and notices behind' })
  @ApiOkResponse({ type: PartyView })
  async read(@Req() { party: { party } }: CallerRequest): Promise<PartyView> {
    const asked = await this.checks.peopleAsked(party.clientId);
    const instant = (at: number | null): string | null => (at === null ? null : formatInstant(at));
    return {
      clientId: party.clientId,
      kind: party.kind,
      bin: party.bin,
      scopes: scopesOf(party),
      keys: party.keys.map(({ kid, use, certSha256, notBefore, expiresAt, retiredAt }) => ({
        kid,
        use,
        certSha256,
        notBefore: formatInstant(notBefore),
        expiresAt: instant(expiresAt),
        retiredAt: instant(retiredAt),
      })),
      limits: [...this.checks.policiesOf(party.clientId), ...this.calls.policiesOf(party.clientId)].map(
        ({ name, quota, windowS }) => ({ policy: name, quota, windowSeconds: windowS }),
      ),
      peopleAsked: asked === undefined ? null : { ...asked, endsAt: formatInstant(asked.endsAt.getTime()) },
      referencesLikeIins: lookalikeViews(await this.loans.lookalikes(party.clientId)),
      noticesBehind: await this.notices.behind(party.clientId),
    };
  }
}
