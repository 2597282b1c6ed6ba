/**
 * The clock of a witness in the sandbox: the machine's, moved by as much as the sandbox's world is ahead of it. A witness
 * outside a sandbox is given no address and keeps to its machine.
 */
import { request } from 'undici';

const timeoutMs = 3_000;
/** A difference this small is the way of the question, not a moved clock. */
const noticeableMs = 5_000;

export class WorldClock {
  private offsetMs = 0;

  /** @param url `GET` answers `{registryNow}`. */
  constructor(private readonly url: string | undefined) {}

  /** Milliseconds since 1970. */
  readonly now = (): number => Date.now() + this.offsetMs;

  /** Asks the world what time it is; when it does not say, the last difference stands. */
  async follow(): Promise<void> {
    if (this.url === undefined) return;
    try {
      const asked = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
      const { registryNow } = (await (await request(this.url, asked)).body.json()) as { registryNow: string };
      const ahead = Date.parse(registryNow) - Date.now();
      if (Number.isFinite(ahead)) this.offsetMs = Math.abs(ahead) < noticeableMs ? 0 : ahead;
    } catch {
      // The world is not there yet, or not any more.
    }
  }
}
