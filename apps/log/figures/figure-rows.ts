/** Rows of the figures, as SQL gives them. */

export interface FigureRow {
  readonly name: string;
  readonly hour: Date;
  readonly value: number;
}

/** Of the last hour's published checkpoints. */
export interface PublicationRow {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly published: number;
}

export interface NewestRow {
  readonly size: number;
  readonly note: string;
  /** When it was signed last; a quiet log says every ten minutes that it is there. */
  readonly signedAt: Date;
}
