/**
 * A lender's load over mutual TLS: many questions, few connections, and a client that does as the contract tells it to:
 * what was not answered is asked again with the same key until there is an answer.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Members } from './sandbox-calls.js';
import type { Sandbox } from './sandbox.js';

export interface Question {
  readonly key: string;
  readonly loanRef: string;
  /** The exact text that is sent, each time. */
  readonly body: string;
}

/** An answer 201. */
export interface Given {
  readonly check: Members & { readonly checkId: string; readonly receipt: Members };
  readonly isReplay: boolean;
}

/** What came in place of an answer: a status with its Retry-After, or a code of the connection. */
export type Miss =
  { readonly status: number; readonly retryAfter: string | undefined } | { readonly lost: string };

const connections = 64;
const pauseMs = 100;
const answeredWithinMs = 60_000;

/** Questions about these people in turn, each with a key and a reference of its own. */
export function questionsAbout(iins: readonly string[], count: number): readonly Question[] {
  return Array.from({ length: count }, (_, place) => {
    const loanRef = `load-${randomUUID()}`;
    const iin = iins[place % iins.length];
    return {
      key: randomUUID(),
      loanRef,
      body: JSON.stringify({ iin, product: 'bank-loan', stage: 'decision', loanRef }),
    };
  });
}

export class LenderLoad {
  /** Everything that came in place of answers. */
  readonly misses: Miss[] = [];
  private readonly agent: Agent;

  private constructor(
    private readonly base: string,
    private readonly token: string,
    tls: { readonly ca: Buffer; readonly key: Buffer; readonly cert: Buffer },
  ) {
    this.agent = new Agent({ connections, pipelining: 1, connect: tls });
  }

  /** A lender of the sandbox with a token that is bound to its certificate. */
  static async of(sandbox: Sandbox, name: string): Promise<LenderLoad> {
    const { code, out, err } = await sandbox.tool(['token', name]);
    if (code !== 0) throw new Error(err);
    const read = (file: string): Buffer => readFileSync(sandbox.file(file));
    const tls = {
      ca: read('tls/ca.pem'),
      key: read(`parties/${name}.key`),
      cert: read(`parties/${name}.pem`),
    };
    return new LenderLoad(sandbox.urls.lenderTls, out.trim(), tls);
  }

  /**
   * Asks everything, {@link connections} at a time, each until it is answered.
   * @param onAnswer told how many are answered, after each.
   */
  async askAll(
    questions: readonly Question[],
    onAnswer?: (count: number) => void,
  ): Promise<ReadonlyMap<Question, Given>> {
    const answers = new Map<Question, Given>();
    await this.each(questions, async (question) => {
      answers.set(question, await this.ask(question));
      onAnswer?.(answers.size);
    });
    return answers;
  }

  /** Reads checks again, by their ids. */
  async readAll(ids: readonly string[]): Promise<ReadonlyMap<string, Members>> {
    const found = new Map<string, Members>();
    await this.each(ids, async (id) => {
      const { statusCode, body } = await this.send('GET', `/v1/checks/${id}`);
      const check = (await body.json()) as Members;
      if (statusCode === 200) found.set(id, check);
    });
    return found;
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private async each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
    const left = items.values();
    const work = async (): Promise<void> => {
      for (const item of left) await act(item);
    };
    await Promise.all(Array.from({ length: connections }, work));
  }

  private async ask(question: Question): Promise<Given> {
    const end = performance.now() + answeredWithinMs;
    for (;;) {
      const given = await this.tryOnce(question);
      if (given !== undefined) return given;
      if (performance.now() > end) throw new Error('a question stayed without an answer');
      await wait(pauseMs);
    }
  }

  private async tryOnce({ key, body: text }: Question): Promise<Given | undefined> {
    try {
      const { statusCode, headers, body } = await this.send('POST', '/v1/checks', text, key);
      const check = (await body.json()) as Given['check'];
      if (statusCode === 201) return { check, isReplay: headers['idempotent-replayed'] === 'true' };
      this.misses.push({ status: statusCode, retryAfter: headers['retry-after']?.toString() });
    } catch (error) {
      this.misses.push({ lost: String((error as { code?: unknown }).code) });
    }
    return undefined;
  }

  private send(
    method: 'GET' | 'POST',
    path: string,
    text?: string,
    key?: string,
  ): ReturnType<typeof request> {
    return request(this.base + path, {
      ...{ method, dispatcher: this.agent, headersTimeout: 10_000, bodyTimeout: 10_000 },
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(key !== undefined && { 'Idempotency-Key': key, 'Content-Type': 'application/json' }),
      },
      ...(text !== undefined && { body: text }),
    });
  }
}
