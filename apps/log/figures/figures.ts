/** The public figures, put together from rows: what is not known is null, and nothing is rounded up to look better. */
import { bureauFiguresOf, type BureauFigureRow, type BureauFigures } from './bureau-figures.js';
import type { FigureRow, NewestRow, PublicationRow } from './figure-rows.js';

/** How the registry runs, as `/figures.json` says it. */
export interface Figures {
  /** Registry time, RFC 3339. */
  readonly at: string;
  readonly checks: {
    /** Milliseconds within which half of the checks of the last quarter of an hour were answered. */
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
    /** Part of the watchdog's questions that were answered in the last 24 hours, 0 to 1; null when none was asked. */
    readonly uptime: number | null;
    /** Part of these hours in which the watchdog asked; in the rest nobody knows. */
    readonly watched: number;
    /** Counts by the hour that is over, rounded to tens. */
    readonly hours: readonly HourFigures[];
  };
  readonly log: {
    readonly size: number | null;
    readonly signedAt: string | null;
    /** From the commit of an entry to its checkpoint, last hour. */
    readonly lagP50Ms: number | null;
    readonly lagP99Ms: number | null;
    /** How long the oldest entry without a checkpoint has been waiting. */
    readonly waitingMs: number;
    readonly cosignatures: readonly { readonly witness: string; readonly at: string }[];
    /** How many witnesses have to cosign; 0 where none is asked. */
    readonly quorum: number;
    /** When they last did, looking back two hours. */
    readonly witnessedAt: string | null;
    /** No quorum for more than 15 minutes. */
    readonly isWithoutQuorum: boolean;
  };
  readonly bureaus: readonly BureauFigures[];
}

export interface HourFigures {
  readonly hour: string;
  readonly checks: number | null;
  readonly refusalsPlaced: number | null;
  readonly refusalsLifted: number | null;
  readonly uptime: number | null;
  readonly watched: number;
}

/** What the figures are made of. */
export interface FigureSources {
  readonly now: Date;
  readonly rows: readonly FigureRow[];
  readonly newest: NewestRow | undefined;
  readonly publication: PublicationRow;
  readonly waitingMs: number;
  readonly cosignatures: readonly { readonly name: string; readonly time: number }[];
  readonly quorum: number;
  readonly witnessedAt: Date | null;
  readonly bureaus: readonly BureauFigureRow[];
}

const quorumWithinMs = 15 * 60_000;
const hourMs = 3_600_000;
const hoursBack = 24;
/** The watchdog asks once in ten seconds. */
const askedPerHour = 360;

export function figuresOf(sources: FigureSources): Figures {
  const { now, rows, newest, publication, quorum, witnessedAt } = sources;
  const thisHour = now.getTime() - (now.getTime() % hourMs);
  const live = (name: string): number | null =>
    rows.findLast((row) => row.name === name && row.hour.getTime() >= thisHour - hourMs)?.value ?? null;
  const sinceWitnessed = now.getTime() - (witnessedAt?.getTime() ?? -Infinity);
  return {
    at: now.toISOString(),
    checks: {
      p50Ms: live('checks-p50-ms'),
      p99Ms: live('checks-p99-ms'),
      ...uptimeOf(rows, hoursBack + (now.getTime() - thisHour) / hourMs),
      hours: hoursOf(rows),
    },
    log: {
      size: newest?.size ?? null,
      signedAt: newest?.signedAt.toISOString() ?? null,
      lagP50Ms: rounded(publication.p50),
      lagP99Ms: rounded(publication.p99),
      waitingMs: Math.round(sources.waitingMs),
      cosignatures: sources.cosignatures.map(({ name, time }) => ({
        witness: name,
        at: new Date(time * 1000).toISOString(),
      })),
      quorum,
      witnessedAt: witnessedAt?.toISOString() ?? null,
      isWithoutQuorum: quorum > 0 && sinceWitnessed > quorumWithinMs,
    },
    bureaus: bureauFiguresOf(sources.bureaus),
  };
}

function hoursOf(rows: readonly FigureRow[]): readonly HourFigures[] {
  const counted = rows.filter(({ name }) => name === 'checks').map(({ hour }) => hour.getTime());
  const valueOf = (name: string, hour: number): number | null =>
    rows.find((row) => row.name === name && row.hour.getTime() === hour)?.value ?? null;
  return counted.map((hour) => ({
    hour: new Date(hour).toISOString(),
    checks: valueOf('checks', hour),
    refusalsPlaced: valueOf('refusals-placed', hour),
    refusalsLifted: valueOf('refusals-lifted', hour),
    ...uptimeOf(
      rows.filter((row) => row.hour.getTime() === hour),
      1,
    ),
  }));
}

/** What was asked counts as answered or not; what was not asked counts as neither. */
function uptimeOf(rows: readonly FigureRow[], hours: number): Pick<HourFigures, 'uptime' | 'watched'> {
  const total = (name: string): number =>
    rows.filter((row) => row.name === name).reduce((sum, { value }) => sum + value, 0);
  const asked = total('probes');
  return {
    uptime: asked === 0 ? null : total('probes-answered') / asked,
    // Two clerks ask twice, and watch no more than always.
    watched: Math.min(1, asked / (hours * askedPerHour)),
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
