/**
 * A PostgreSQL of our own that is started again when it ends by itself, as a service manager would: the registry answers
 * 503 meanwhile and is ready again without anybody's help.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { startCluster, type Cluster, type ClusterOptions } from './postgres/cluster.js';

const restartsAllowed = 20;
const restartPauseMs = 200;

export class KeptCluster {
  private restarts = 0;
  private isStopping = false;
  /** The start that is under way or done: whoever stops waits for it, or it would outlive us. */
  private current: Promise<Cluster>;

  private constructor(
    private readonly options: ClusterOptions,
    first: Cluster,
    private readonly say: (line: string) => void,
  ) {
    this.current = Promise.resolve(first);
    this.superuser = first.superuser;
    this.watch(first);
  }

  readonly superuser: Cluster['superuser'];

  /** @param say tells the person at the terminal what happens by itself. @throws Error as `startCluster`. */
  static async start(options: ClusterOptions, say: (line: string) => void): Promise<KeptCluster> {
    return new KeptCluster(options, await startCluster(options), say);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const cluster = await this.current.catch(() => undefined);
    await cluster?.stop();
  }

  private watch({ exited }: Cluster): void {
    void exited.then(() => {
      if (!this.isStopping) this.current = this.startAgain();
      // Nobody waits for a start that failed; it is tried again or given up below.
      this.current.catch(() => undefined);
    });
  }

  private async startAgain(): Promise<Cluster> {
    while (!this.isStopping && this.restarts < restartsAllowed) {
      this.restarts += 1;
      this.say('PostgreSQL ended; starting it again');
      await wait(restartPauseMs);
      try {
        const cluster = await startCluster(this.options);
        this.watch(cluster);
        return cluster;
      } catch (error) {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error('PostgreSQL does not stay');
  }
}
