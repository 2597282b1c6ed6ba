/** Threads that make chunks and keys of the order: each takes the next task when it is free. */
import { Worker } from 'node:worker_threads';
import type { ChunkPlan, LoadGround, MadeChunk } from './chunk.js';

/** Keys of the order for people with these numbers. */
export interface KeysPlan {
  readonly from: number;
  readonly to: number;
}

interface Task {
  readonly plan: ChunkPlan | KeysPlan;
  resolve(made: unknown): void;
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
    return this.give<MadeChunk>(plan);
  }

  keys(plan: KeysPlan): Promise<Float64Array> {
    return this.give<Float64Array>(plan);
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  /** What a thread answers is of the kind of its plan. */
  private give<Made>(plan: Task['plan']): Promise<Made> {
    return new Promise((resolve, reject) => {
      this.tasks.push({ plan, resolve: (made) => resolve(made as Made), reject });
      this.next();
    });
  }

  private start(ground: LoadGround): Worker {
    const thread = new Worker(new URL('./make-chunks.worker.js', import.meta.url), {
      workerData: ground,
      // What a chunk is made of lives for one chunk: a small nursery would move much of it.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    thread.on('message', (made: unknown) => {
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
