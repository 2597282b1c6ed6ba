/** The progress bar of a command that takes long, drawn only where somebody sits in front of it. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** A new step of so many pieces. */
  begin(step: string, total: number): void;
  show(done: number): void;
  stop(): void;
}

export function progressBar(): Progress {
  if (!process.stderr.isTTY) return { begin: () => undefined, show: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: '{step} {bar} {percentage}% · {value}/{total} · {eta_formatted} left',
      clearOnComplete: true,
      etaBuffer: 100,
    },
    Presets.shades_classic,
  );
  return {
    begin: (step, total) => {
      bar.stop();
      bar.start(total, 0, { step });
    },
    show: (done) => bar.update(done),
    stop: () => bar.stop(),
  };
}
