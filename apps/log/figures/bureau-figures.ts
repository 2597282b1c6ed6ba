/** How the credit bureaus follow: rounded up, never to look better, and so coarse that no single placing shows. */

/** A row of `bureau_figures`; lags in milliseconds. */
export interface BureauFigureRow {
  readonly clientId: string;
  readonly nameKk: string;
  readonly nameRu: string;
  readonly nameEn: string;
  readonly behind: number;
  readonly oldestMs: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly agrees: boolean | null;
  readonly postedAt: Date | null;
}

export interface BureauFigures {
  readonly bureau: string;
  readonly names: { readonly kk: string; readonly ru: string; readonly en: string };
  /** Placings and lifts it has not acknowledged, rounded up to tens. */
  readonly behind: number;
  /** How long the oldest of them has been waiting, in whole seconds. */
  readonly oldestMs: number;
  /** From a placing or lift to its stamp, last hour. */
  readonly stampP50Ms: number | null;
  readonly stampP99Ms: number | null;
  /** Whether its newest digest is the registry's; null before the first. */
  readonly agrees: boolean | null;
  readonly comparedAt: string | null;
}

const tens = 10;
const secondMs = 1000;

export function bureauFiguresOf(rows: readonly BureauFigureRow[]): readonly BureauFigures[] {
  return rows.map((row) => ({
    bureau: row.clientId,
    names: { kk: row.nameKk, ru: row.nameRu, en: row.nameEn },
    behind: Math.ceil(row.behind / tens) * tens,
    oldestMs: Math.ceil(Math.max(0, row.oldestMs) / secondMs) * secondMs,
    stampP50Ms: row.p50 === null ? null : Math.ceil(row.p50),
    stampP99Ms: row.p99 === null ? null : Math.ceil(row.p99),
    agrees: row.agrees,
    comparedAt: row.postedAt?.toISOString() ?? null,
  }));
}
