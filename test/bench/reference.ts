/**
 * What a team would write first, as the bench's reference: NestJS on Fastify behind mutual TLS, a DTO with
 * class-validator, TypeORM's `findOne` and `save` in a transaction, and a receipt signed for each request. It is kept
 * honest on purpose: pooled connections, an index for the look-up, no logging, certificates looked up once a connection.
 * It proves less than ours (no journal, no idempotency, no access token), which is in its favour.
 */
import 'reflect-metadata';
import { createHash, createHmac, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import {
  Body,
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsIn, IsString, Matches } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { SignJWT } from 'jose';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** What the bench tells this program in its first argument. */
export interface ReferencePlan {
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** The one lender: the certificate that is his. */
  readonly lenderCertFile: string;
  readonly signingKeyFile: string;
  readonly database: Readonly<Record<string, unknown>>;
  readonly refused: readonly string[];
}

const plan = JSON.parse(process.argv[2] ?? '{}') as ReferencePlan;
const pepper = randomBytes(32);
const subjectOf = (iin: string): Buffer => createHmac('sha256', pepper).update(iin).digest();

@Entity('refusals')
class Refusal {
  @PrimaryColumn('bytea') subject: Buffer;
  @Column('boolean') inForce: boolean;
}

@Entity('checks')
class Check {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column('text') lender: string;
  @Column('bytea') subject: Buffer;
  @Column('text') product: string;
  @Column('text') stage: string;
  @Column('text') loanRef: string;
  @Column('text') verdict: string;
  @Column('timestamptz') at: Date;
}

class CheckRequest {
  @Matches(/^\d{12}$/) iin: string;
  @IsIn(['bank-loan', 'microcredit']) product: string;
  @IsIn(['decision', 'disbursement']) stage: string;
  @IsString() @Matches(/^[!-~]{1,64}$/) loanRef: string;
}

const lenders = new Map([[thumbprintOf(certificate(plan.lenderCertFile)), 'bank-alpha']]);
const known = new WeakMap<object, string>();

@Injectable()
class CertificateGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { socket } = context.switchToHttp().getRequest<FastifyRequest>().raw;
    if (!known.has(socket)) {
      const der = (socket as TLSSocket).getPeerX509Certificate()?.raw;
      const lender = der && lenders.get(thumbprintOf(der));
      if (lender === undefined) throw new ForbiddenException();
      known.set(socket, lender);
    }
    return true;
  }
}

@Injectable()
class ChecksService {
  private readonly key: KeyObject = createPrivateKey(readFileSync(plan.signingKeyFile));

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async make(lender: string, question: CheckRequest) {
    const subject = subjectOf(question.iin);
    const check = await this.dataSource.transaction(async (manager) => {
      const refusal = await manager.findOne(Refusal, { where: { subject } });
      const verdict = refusal?.inForce === true ? 'refused' : 'clear';
      const { product, stage, loanRef } = question;
      return manager.save(
        manager.create(Check, { lender, subject, product, stage, loanRef, verdict, at: new Date() }),
      );
    });
    const { id, product, stage, loanRef, verdict, at } = check;
    const asOf = at.toISOString();
    const receipt = await new SignJWT({ checkId: id, lender, product, stage, loanRef, verdict, asOf })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(this.key);
    return { checkId: id, loanRef, verdict, asOf, receipt };
  }
}

@Controller('v1/checks')
class ChecksController {
  constructor(@Inject(ChecksService) private readonly checks: ChecksService) {}

  @Post()
  make(@Body() body: CheckRequest, @Req() { raw }: FastifyRequest) {
    return this.checks.make(known.get(raw.socket) ?? '', body);
  }
}

const dataSource = new DataSource({
  type: 'postgres',
  ...plan.database,
  entities: [Refusal, Check],
  logging: false,
  // Tried: 8, 16, 32 and 64; more than 16 gains nothing on two processors.
  extra: { max: 16 },
});

@Module({
  controllers: [ChecksController],
  providers: [ChecksService, { provide: DataSource, useValue: dataSource }],
})
class ReferenceModule {}

await dataSource.initialize();
await dataSource.query(
  `CREATE TABLE IF NOT EXISTS refusals (subject bytea PRIMARY KEY, "inForce" boolean NOT NULL)`,
);
await dataSource.query(`CREATE TABLE IF NOT EXISTS checks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), lender text NOT NULL,
  subject bytea NOT NULL, product text NOT NULL, stage text NOT NULL, "loanRef" text NOT NULL, verdict text NOT NULL,
  at timestamptz NOT NULL)`);
await dataSource.query('CREATE INDEX IF NOT EXISTS checks_of_subject ON checks (subject)');
await dataSource.manager.insert(
  Refusal,
  plan.refused.map((iin) => ({ subject: subjectOf(iin), inForce: true })),
);

const app = await NestFactory.create<NestFastifyApplication>(
  ReferenceModule,
  new FastifyAdapter({
    https: {
      cert: readFileSync(plan.certFile),
      key: readFileSync(plan.keyFile),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    },
  }),
  { logger: false },
);
app.useGlobalGuards(new CertificateGuard());
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
await app.listen(plan.port, '127.0.0.1');
process.on('disconnect', () => process.exit(0));
process.send?.('listening');

function certificate(file: string): Buffer {
  const pem = readFileSync(file, 'utf8');
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

function thumbprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('base64url');
}
