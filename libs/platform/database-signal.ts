/**
 * Waiting for what another process tells through PostgreSQL (LISTEN): a hint that saves time and never the truth, so
 * whoever waits asks again after a while, heard or not. One connection of its own, made when a call first waits and made
 * again while calls wait; all of them are woken once it listens, because what was told before was heard by nobody.
 */
import pg from 'pg';
import { clientOptions, type DatabaseTarget } from './database.js';

const reconnectMs = 1000;

export class DatabaseSignal {
  private readonly waiting = new Map<string, Set<() => void>>();
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param channel a plain SQL name */
  constructor(
    private readonly target: DatabaseTarget,
    private readonly channel: string,
  ) {}

  /** Resolves when `name` is told on the channel, after `ms`, or when `gone` aborts. Begins to listen at once. */
  wait(name: string, ms: number, gone?: AbortSignal): Promise<void> {
    if (gone?.aborted || this.isClosed) return Promise.resolve();
    if (this.client === undefined && this.retry === undefined) this.listen();
    const waiting = this.waiting.get(name) ?? new Set();
    this.waiting.set(name, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.waiting.get(name) === waiting) this.waiting.delete(name);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      waiting.add(wake);
      gone?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Nest calls it when the app closes: nobody waits any longer. */
  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    this.wakeAll();
    await this.client?.end().catch(() => undefined);
  }

  private wakeAll(): void {
    for (const waiting of [...this.waiting.values()]) for (const wake of [...waiting]) wake();
  }

  /** While calls wait, the line that was lost is made again. */
  private listenAgain(): void {
    if (this.isClosed || this.retry !== undefined) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      if (this.waiting.size > 0 && this.client === undefined) this.listen();
    }, reconnectMs).unref();
  }

  private listen(): void {
    const client = new pg.Client({
      ...clientOptions(this.target),
      application_name: 'tyiym-signal',
      connectionTimeoutMillis: 5000,
    });
    this.client = client;
    const forget = (): void => {
      if (this.client !== client) return;
      this.client = undefined;
      this.listenAgain();
    };
    client.on('error', forget).on('end', forget);
    client.on('notification', ({ payload = '' }) => {
      for (const wake of [...(this.waiting.get(payload) ?? [])]) wake();
    });
    client
      .connect()
      .then(() => client.query(`LISTEN ${this.channel}`))
      .then(() => this.wakeAll())
      .catch(async () => {
        forget();
        await client.end().catch(() => undefined);
      });
  }
}
