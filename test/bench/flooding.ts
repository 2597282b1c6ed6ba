/**
 * Floods by strangers and by parties, one each: what they send, how fast, and beside how many harmless requests the same
 * bank is measured. Nothing here waits for an answer before the next is due, as somebody who floods does not.
 */
import { readFileSync } from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { mutualTlsJob } from './contestants.js';
import type { Stage } from './stage.js';

export interface Flood {
  /** What `--only` chooses by. */
  readonly name: string;
  /** Requests a second, and as many to `/livez` to compare with. */
  readonly perSecond: number;
  /** What it takes to send one; what it gives ends the flood. */
  begin(stage: Stage): Promise<{ send(number: number): void; end?(): Promise<void> | void }>;
}

const host = '127.0.0.1';
/** Of a body whose sender nobody knows. */
const largeBody = Buffer.from(JSON.stringify({ items: ['x'.repeat(4 * 1024 * 1024 - 100)] }));
/** A caller who leaves does so after so long. */
const staysMs = 50;

export const floods: readonly Flood[] = [
  // Fourteen in ten seconds.
  flood('flood-bodies', 1.4, (stage) => {
    const ask = asking(stage);
    return (number) =>
      ask(
        { method: 'POST', path: '/v1/check-batches', headers: keyed('bodies', number) },
        { body: largeBody },
      );
  }),
  {
    ...{ name: 'flood-refused', perSecond: 200 },
    begin: (stage) => {
      const ask = asking(stage);
      // Whoever reads the lines of the lender's process stands still.
      const reader = parentOf(stage.lenders()[0] ?? 0);
      process.kill(reader, 'SIGSTOP');
      return Promise.resolve({
        send: (number) =>
          ask(
            {
              ...{ method: 'POST', path: '/v1/checks' },
              headers: { ...keyed('refused', number), authorization: 'Bearer e30.e30.e30' },
            },
            { body: Buffer.from('{}') },
          ),
        end: () => void process.kill(reader, 'SIGCONT'),
      });
    },
  },
  flood('flood-readyz', 300, (stage) => {
    const ask = asking(stage);
    return () => ask({ path: '/readyz' });
  }),
  {
    // As many harmless requests as the other lender asks checks, which a quota bounds.
    ...{ name: 'flood-batches', perSecond: 1000 },
    begin: async (stage) => {
      const { tls, token } = await stage.otherLender();
      const job = await mutualTlsJob(stage, 2, 0);
      let isOver = false;
      const load = (async () => {
        while (!isOver)
          await stage.otherHammer().run({
            ...{ ...job, tls, ms: 1000, batch: 500 },
            headers: { authorization: `Bearer ${token}` },
          });
      })();
      return {
        send: () => undefined,
        end: () => {
          isOver = true;
          return load;
        },
      };
    },
  },
  {
    ...{ name: 'flood-polls', perSecond: 100 },
    begin: async (stage) => {
      const { tls, token } = await stage.otherLender();
      const ask = asking(stage, tls);
      return {
        send: () =>
          ask(
            { path: '/v1/notices?wait=25', headers: { authorization: `Bearer ${token}` } },
            { leavesAfterMs: staysMs },
          ),
      };
    },
  },
];

/** As many requests that cost nothing. */
export function harmless(perSecond: number): Flood {
  return flood('livez', perSecond, (stage) => {
    const ask = asking(stage);
    return () => ask({ path: '/livez' });
  });
}

/** Sends at the flood's rate for so long; resolves with how many were sent. */
export async function flooding(stage: Stage, { perSecond, begin }: Flood, ms: number): Promise<number> {
  const { send, end } = await begin(stage);
  const startedAt = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - startedAt;
      for (; sent < (perSecond * Math.min(elapsed, ms)) / 1000; sent += 1) send(sent);
      if (elapsed < ms) return;
      clearInterval(timer);
      resolve();
    }, 2);
  });
  await end?.();
  return sent;
}

function flood(name: string, perSecond: number, sender: (stage: Stage) => (number: number) => void): Flood {
  return { name, perSecond, begin: (stage) => Promise.resolve({ send: sender(stage) }) };
}

interface Sent {
  readonly body?: Buffer;
  readonly leavesAfterMs?: number;
}

/** Sends a request to the lender's TLS listener and forgets it; without `tls` the caller has no certificate. */
function asking(stage: Stage, tls?: Stage['tls']): (options: RequestOptions, sent?: Sent) => void {
  // Read once: a client that reads its keys for each connection would take the processor from the bank that is measured.
  const secureContext = createSecureContext({
    ca: readFileSync(stage.tls.caFile),
    ...(tls && { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 64, secureContext });
  const port = Number(new URL(stage.sandbox.urls.lenderTls).port);
  return (options, { body, leavesAfterMs } = {}) => {
    const asked = request({ ...options, host, port, agent });
    asked.on('response', (response) => response.resume().on('error', () => undefined));
    // Refused early, or left: what becomes of it is nothing to who floods.
    asked.on('error', () => undefined);
    asked.end(body);
    if (leavesAfterMs !== undefined) setTimeout(() => asked.destroy(), leavesAfterMs);
  };
}

function keyed(flooded: string, number: number): Record<string, string> {
  return { 'content-type': 'application/json', 'idempotency-key': `${flooded}-${String(number)}` };
}

/** proc(5): the fourth field, behind the name in brackets. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
