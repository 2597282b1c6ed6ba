/**
 * The report of an import, one JSON a line: lines left out, lines said twice, people about whom sources differ, and at
 * the end the sums. It names lines and references, never a person. It appears when it is whole.
 */
import { open, rename, type FileHandle } from 'node:fs/promises';

const pageLength = 65_536;

export class ReportFile {
  private waiting = '';

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async begin(path: string): Promise<ReportFile> {
    return new ReportFile(path, await open(aside(path), 'w', 0o600));
  }

  async write(line: object): Promise<void> {
    this.waiting += `${JSON.stringify(line)}\n`;
    if (this.waiting.length >= pageLength) await this.flush();
  }

  /** Puts it in its place; without this nothing is there but the part. */
  async finish(): Promise<void> {
    await this.flush();
    await this.file.sync();
    await this.file.close();
    await rename(aside(this.path), this.path);
  }

  /** Leaves the part where it is. */
  async abandon(): Promise<void> {
    await this.file.close().catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const some = this.waiting;
    this.waiting = '';
    await this.file.appendFile(some);
  }
}

function aside(path: string): string {
  return `${path}.part`;
}
