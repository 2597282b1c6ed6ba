/**
 * Gathers cosignatures for a checkpoint that is signed and about to be published. Nobody waits for a witness longer
 * than its time-out, and no witness stops a publication: one that is away is missing from the note, and the public
 * figures say for how long.
 */
import type { Logger } from 'pino';
import { failureRecord } from '#libs/problem/failure-record.js';
import { consistencyProof, type ReadTile } from '#libs/tlog/tile-reading.js';
import type { WitnessAnswer, WitnessClient } from './witness.client.js';

/** What is to be cosigned, and where the proof that it grew comes from. */
export interface ToCosign {
  readonly size: number;
  readonly note: string;
  readonly read: ReadTile;
}

/** `yes` when its line is in the note. */
export type WitnessOutcome = 'yes' | 'away' | 'refused' | 'ahead';

export interface CosignaturesSettings {
  readonly witnesses: readonly WitnessClient[];
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Told once for each witness and checkpoint. */
  readonly onOutcome?: (witness: string, outcome: WitnessOutcome) => void;
}

export class CosignaturesService {
  /** Size each witness cosigned last, as it said; asked from 0 a new one answers with its size. */
  private readonly known = new Map<string, number>();

  constructor(private readonly settings: CosignaturesSettings) {}

  /** The lines of those witnesses that answered in time, in the order of the configuration. */
  async gather(checkpoint: ToCosign): Promise<readonly string[]> {
    const lines = await Promise.all(
      this.settings.witnesses.map((witness) => this.askOne(witness, checkpoint)),
    );
    return lines.filter((line) => line !== undefined);
  }

  private async askOne(witness: WitnessClient, checkpoint: ToCosign): Promise<string | undefined> {
    const { name } = witness.vkey;
    const say = (outcome: WitnessOutcome): void => this.settings.onOutcome?.(name, outcome);
    try {
      let answer = await this.askFrom(witness, checkpoint, this.known.get(name) ?? 0);
      // It knows best what it cosigned; a checkpoint beyond our own is another log under our name.
      if ('size' in answer && answer.size <= checkpoint.size)
        answer = await this.askFrom(witness, checkpoint, answer.size);
      if ('cosignature' in answer) {
        this.known.set(name, checkpoint.size);
        say('yes');
        return answer.cosignature;
      }
      const outcome = 'size' in answer && answer.size > checkpoint.size ? 'ahead' : 'refused';
      this.settings.log.error({ witness: name, size: checkpoint.size, answer }, 'a witness does not cosign');
      say(outcome);
    } catch (error) {
      this.settings.log.warn({ witness: name, failure: failureRecord(error) }, 'a witness did not answer');
      say('away');
    }
    this.known.delete(name);
    return undefined;
  }

  private async askFrom(
    witness: WitnessClient,
    { size, note, read }: ToCosign,
    oldSize: number,
  ): Promise<WitnessAnswer> {
    const from = Math.min(oldSize, size);
    return witness.addCheckpoint({ oldSize: from, proof: await consistencyProof(read, from, size), note });
  }
}
