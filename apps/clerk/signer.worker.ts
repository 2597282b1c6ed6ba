/** The one duty of the signer process: a checkpoint each second in which the Journal grew. */
import { Gauge } from 'prom-client';
import { metrics } from '#libs/platform/metrics.js';
import type { Duty } from './loop.worker.js';
import { SigningRefused, type SignerService } from './signer/signer.service.js';

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

/** What readiness knows of the signer. */
export interface SignerState {
  refused: string | undefined;
}

/** @param state is told why nothing is signed, while nothing is. */
export function signerDuty(signer: SignerService, state: SignerState): Duty {
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
