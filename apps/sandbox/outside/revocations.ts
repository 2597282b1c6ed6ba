/**
 * What the sandbox's authority revoked, and its list of it. The file is written before anybody is told, so that a
 * certificate once revoked stays so after a restart; the list is always made at registry time.
 */
import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuthorityKeyIdentifierExtension, Extension, X509Certificate } from '@peculiar/x509';
import { Integer } from 'asn1js';
import { type Authority, crl, type Revocation, serialNumberOf } from '../nca/nca.js';

export interface RevocationsOptions {
  readonly authority: Authority;
  /** Registry time in ms. */
  readonly registryNow: () => Promise<number>;
  /** Holds `revocations.json`; made if missing. */
  readonly stateDir: string;
}

interface KeptList {
  readonly der: Buffer;
  readonly madeAt: number;
}

/** A list is made anew after this long, and holds for a day. */
const MAX_AGE_MS = 60_000;
const CRL_NUMBER = '2.5.29.20';

export class Revocations {
  private readonly file: string;
  private readonly revoked: Revocation[];
  private kept: KeptList | undefined;
  private renewing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: RevocationsOptions) {
    mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    this.file = join(options.stateDir, 'revocations.json');
    this.revoked = existsSync(this.file) ? (JSON.parse(readFileSync(this.file, 'utf8')) as Revocation[]) : [];
  }

  /** The list in DER, at most a minute old. */
  async list(): Promise<Buffer> {
    const at = await this.options.registryNow();
    const { kept } = this;
    if (kept !== undefined && Math.abs(at - kept.madeAt) < MAX_AGE_MS) return kept.der;
    return this.renew();
  }

  /** A list that says everything it should and held until a moment ago. */
  async staleList(): Promise<Buffer> {
    // Newer than any other, because who has a newer list does not look at an older one; the next good one is newer still.
    this.kept = undefined;
    return this.make((await this.options.registryNow()) - 2_000, 1_000);
  }

  /** Makes the list now: something was revoked, or the clock moved. */
  renew(): Promise<Buffer> {
    // One after the other, because a list begun before a revocation must not replace the one that names it.
    const renewed = this.renewing.then(() => this.replace());
    this.renewing = renewed.catch(() => undefined);
    return renewed;
  }

  /** Revokes these certificates, those not yet revoked; the next list says so. @returns how many were new */
  async revoke(certPems: readonly string[]): Promise<number> {
    const revokedAt = await this.options.registryNow();
    const known = new Set(this.revoked.map(({ serialNumber }) => serialNumber));
    const added = certPems
      .map((certPem) => ({ serialNumber: serialNumberOf(certPem), revokedAt }))
      .filter(({ serialNumber }) => !known.has(serialNumber));
    this.save([...this.revoked, ...added]);
    this.revoked.push(...added);
    await this.renew();
    return added.length;
  }

  private async replace(): Promise<Buffer> {
    const madeAt = await this.options.registryNow();
    const der = await this.make(madeAt);
    this.kept = { der, madeAt };
    return der;
  }

  private async make(at: number, validForMs?: number): Promise<Buffer> {
    const { authority } = this.options;
    const number = new Extension(CRL_NUMBER, false, Integer.fromBigInt(BigInt(Math.floor(at))).toBER());
    const issuer = await AuthorityKeyIdentifierExtension.create(
      new X509Certificate(authority.issuing.certPem).publicKey,
    );
    const extensions = [issuer, number];
    return crl(authority, {
      at,
      revoked: this.revoked,
      extensions,
      ...(validForMs !== undefined && { validForMs }),
    });
  }

  private save(revoked: readonly Revocation[]): void {
    const next = `${this.file}.next`;
    writeFileSync(next, `${JSON.stringify(revoked, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.file);
  }
}
