/** Threads that make chunks: each takes the next plan when it is free, and chunks come back in the order of their plans. */
import { Worker } from 'node:worker_threads';
import type { ChunkPlan, LoadGround, MadeChunk } from './chunk.js';

interface Task {
  readonly plan: ChunkPlan;
  resolve(made: MadeChunk): void;
  reject(error: unknown): void;
}

export class ChunkThreads {
  private readonly idle: Worker[] = [];
  private readonly tasks: Task[] = [];
  private readonly running = new Map<Worker, Task>();
  private readonly threads: readonly Worker[];

  constructor(ground: LoadGround, count: number) {
    this.threads = Array.from({ length: count }, () => this.start(ground));
    this.idle.push(...this.threads);
  }

  make(plan: ChunkPlan): Promise<MadeChunk> {
    return new Promise((resolve, reject) => {
      this.tasks.push({ plan, resolve, reject });
      this.next();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private start(ground: LoadGround): Worker {
    const thread = new Worker(new URL('./make-chunks.worker.js', import.meta.url), { workerData: ground });
    thread.on('message', (made: MadeChunk) => {
      this.running.get(thread)?.resolve(made);
      this.running.delete(thread);
      this.idle.push(thread);
      this.next();
    });
    thread.on('error', (error) => {
      for (const task of [...this.running.values(), ...this.tasks.splice(0)]) task.reject(error);
    });
    return thread;
  }

  private next(): void {
    const thread = this.tasks.length > 0 ? this.idle.pop() : undefined;
    const task = thread && this.tasks.shift();
    if (thread === undefined || task === undefined) return;
    this.running.set(thread, task);
    thread.postMessage(task.plan);
  }
}
