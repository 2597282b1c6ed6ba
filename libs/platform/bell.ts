/**
 * Listens to a channel of the database, so that what another process committed is known within milliseconds. It may
 * miss a ring while its connection is lost; whoever waits therefore waits a bounded time and looks again.
 */
import pg from 'pg';
import { clientOptions, type DatabaseTarget } from './database.js';

const reconnectMs = 1000;

export class Bell {
  private rings = 0;
  private client: pg.Client | undefined;
  private isClosed = false;
  private readonly waiting = new Set<() => void>();
  private readonly keeping: NodeJS.Timeout;

  constructor(
    private readonly target: DatabaseTarget,
    private readonly channel: string,
  ) {
    this.keeping = setInterval(() => void this.connect(), reconnectMs);
    this.keeping.unref();
    void this.connect();
  }

  /** How often it rang: read it before looking, and hand it to `after`, so that no ring falls between. */
  get count(): number {
    return this.rings;
  }

  /** Resolves at the next ring after `count`, when `signal` aborts, or when time is over. */
  after(count: number, forMs: number, signal?: AbortSignal): Promise<void> {
    if (this.rings !== count || this.isClosed || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, forMs);
      this.waiting.add(end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.keeping);
    this.ring();
    await this.client?.end().catch(() => undefined);
  }

  private ring(): void {
    this.rings += 1;
    for (const end of [...this.waiting]) end();
  }

  private async connect(): Promise<void> {
    if (this.client !== undefined || this.isClosed) return;
    const client = new pg.Client({
      ...clientOptions(this.target),
      ...{
        keepAlive: true,
        application_name: `${this.target.user.replace('_', '-')}-bell`,
        connectionTimeoutMillis: 2000,
      },
    });
    this.client = client;
    const forget = (): void => {
      if (this.client === client) this.client = undefined;
    };
    client
      .on('error', forget)
      .on('end', forget)
      .on('notification', () => this.ring());
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(this.channel)}`);
      // What came before this line rang nowhere.
      this.ring();
    } catch {
      forget();
      await client.end().catch(() => undefined);
    }
  }
}
