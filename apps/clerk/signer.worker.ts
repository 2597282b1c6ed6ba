/** The duties of the signer process: a checkpoint each second in which the Journal grew, and how long entries wait for it. */
import { Counter, Gauge } from 'prom-client';
import { metrics } from '#libs/platform/metrics.js';
import type { Duty } from './loop.worker.js';
import type { SignerService } from './signer/signer.service.js';
import { SigningRefused } from './signer/signing-refused.js';

const checkpointSize = new Gauge({
  name: 'tyiym_signer_checkpoint_size',
  help: 'Size of the newest checkpoint.',
  registers: [metrics],
});

/** One is an alarm: the Journal is not the tree that was signed before. */
const signerRefuses = new Gauge({
  name: 'tyiym_signer_refuses',
  help: 'Whether the signer refuses to sign what the database holds.',
  registers: [metrics],
});

/** An alarm above 60: the disk for tiles is full, the signer is away, or it refuses. Checks go on meanwhile. */
const publicationLag = new Gauge({
  name: 'tyiym_signer_publication_lag_seconds',
  help: 'For how long the oldest entry that no published checkpoint holds has been waiting; 0 when none is.',
  registers: [metrics],
});

/** Should stay at zero: somebody or something changed files of the log, or the disk lost them. */
export const filesMended = new Counter({
  name: 'tyiym_signer_files_mended_total',
  help: 'Files of the log that held other bytes than the leaves give, and were written again.',
  registers: [metrics],
});

/** `away` and `refused` rising for 15 minutes is what the public figures show, too. */
export const witnessAnswers = new Counter({
  name: 'tyiym_signer_witness_answers_total',
  help: 'What a witness said to a checkpoint: yes, away, refused, ahead.',
  labelNames: ['witness', 'outcome'],
  registers: [metrics],
});

/** What readiness knows of the signer. */
export interface SignerState {
  refused: string | undefined;
}

/** @param state is told why nothing is signed, while nothing is. */
export function signerDuty(signer: Pick<SignerService, 'publish'>, state: SignerState): Duty {
  return {
    name: 'signer',
    everyMs: 1000,
    act: async () => {
      try {
        const size = await signer.publish();
        if (size !== undefined) checkpointSize.set(size);
        state.refused = undefined;
        signerRefuses.set(0);
      } catch (error) {
        if (error instanceof SigningRefused) {
          state.refused = error.code;
          signerRefuses.set(1);
        }
        throw error;
      }
    },
  };
}

/** @param waiting how long the oldest unpublished entry has been waiting, ms */
export function lagDuty(waiting: () => Promise<number>): Duty {
  return {
    name: 'publication lag',
    everyMs: 5000,
    act: async () => publicationLag.set((await waiting()) / 1000),
  };
}
