/**
 * Waiting for what another process tells through PostgreSQL (LISTEN): a hint that saves time and never the truth, so
 * whoever waits asks again after a while, heard or not. One connection of its own, made when somebody first waits.
 */
import pg from 'pg';
import { passwordOf, type DatabaseTarget } from './database.js';

export class DatabaseSignal {
  private readonly waiting = new Map<string, Set<() => void>>();
  private client: pg.Client | undefined;
  private isClosed = false;

  /** @param channel a plain SQL name */
  constructor(
    private readonly target: DatabaseTarget,
    private readonly channel: string,
  ) {}

  /** Resolves when `name` is told on the channel, or after `ms`. Begins to listen at once. */
  wait(name: string, ms: number): Promise<void> {
    if (this.client === undefined && !this.isClosed) this.listen();
    const waiting = this.waiting.get(name) ?? new Set();
    this.waiting.set(name, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        if (waiting.size === 0 && this.waiting.get(name) === waiting) this.waiting.delete(name);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      waiting.add(wake);
    });
  }

  /** Nest calls it when the app closes: nobody waits any longer. */
  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    for (const waiting of [...this.waiting.values()]) for (const wake of [...waiting]) wake();
    await this.client?.end().catch(() => undefined);
  }

  private listen(): void {
    const { host, port, name, user } = this.target;
    const password = passwordOf(this.target);
    const client = new pg.Client({
      ...{ host, port, user, password, database: name, application_name: 'tyiym-signal' },
      connectionTimeoutMillis: 5000,
    });
    this.client = client;
    // Lost: whoever waits next begins anew, and until then everybody asks by the clock.
    const forget = (): void => {
      if (this.client === client) this.client = undefined;
    };
    client.on('error', forget).on('end', forget);
    client.on('notification', ({ payload = '' }) => {
      for (const wake of [...(this.waiting.get(payload) ?? [])]) wake();
    });
    client
      .connect()
      .then(() => client.query(`LISTEN ${this.channel}`))
      .catch(async () => {
        forget();
        await client.end().catch(() => undefined);
      });
  }
}
