/** A body in which a channel speaks for a person. */
import { ApiProperty } from '@nestjs/swagger';
import { Allow } from 'class-validator';

export class PresentDto {
  @ApiProperty({
    type: String,
    description:
      'JWS by a key of the channel, `typ: tyiym-citizen+jwt`: `{iss, aud, iin, authTime, method, iat, exp, jti}`. Counts once. `iat` lies within 30 s of our clock, `exp` at most 300 s after it, and `authTime`, the sign-in, at most 12 h back.',
  })
  // Judged by its own rules, because what is wrong with it has codes of its own.
  @Allow()
  readonly citizenAssertion?: unknown;
}
