/** What the hammer hands in when it places: the signature under each opened application, once. */
import { verifyReceipt } from '#libs/journal/verify-receipt.js';
import type { Job, Placing } from './job.js';
import { signProofs } from './proofs.js';
import type { Asking } from './questions.js';

export class Signatures implements Asking {
  verified = 0;
  private readonly proofs: readonly string[];

  constructor(
    private readonly job: Job,
    private readonly placings: readonly Placing[],
    nonce: string | undefined,
  ) {
    const { dpop } = job;
    if (dpop === undefined) throw new Error('a channel signs each call');
    const calls = placings.map((placing) => ({ method: 'PUT', url: dpop.url + pathOf(placing) }));
    this.proofs = signProofs(dpop, calls, nonce);
  }

  request(number: number): string | undefined {
    const placing = this.placings[number];
    if (placing === undefined) return undefined;
    const { host, ports, headers } = this.job;
    const body = `{"cms":"${placing.cms}"}`;
    const own = { host: `${host}:${String(ports[0])}`, ...headers, dpop: this.proofs[number] ?? '' };
    const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}\r\n`);
    return `PUT ${pathOf(placing)} HTTP/1.1\r\n${lines.join('')}content-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
  }

  faultOf(_number: number, status: number, body: Buffer): string | undefined {
    if (status !== 200) return `status ${String(status)}`;
    return body.includes('"state":"in-force"') ? undefined : 'another state';
  }

  async verify(number: number, body: string): Promise<void> {
    const { jwks, issuer, origin } = this.job.verify;
    const { iin } = this.placings[number] ?? { iin: '' };
    const { receipt } = JSON.parse(body) as { readonly receipt: unknown };
    const now = Math.floor(Date.now() / 1000);
    const { entry } = await verifyReceipt(receipt, jwks, { now, iin, issuer, origin });
    if (entry['kind'] !== 'refusal.placed') throw new Error('a receipt of another act');
    this.verified += 1;
  }
}

function pathOf({ applicationId }: Placing): string {
  return `/v1/applications/${applicationId}/signature`;
}
