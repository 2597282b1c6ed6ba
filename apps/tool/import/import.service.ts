/**
 * `tool import --refusals`: the refusals of the time before, taken over from what the sources deliver. Two passes: every
 * line of every file is judged and staged; then, person by person, what the sources say is compared, reported, and
 * inherited. Killed at any moment it is simply run again: who was inherited is found, and the report is written anew.
 */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ClientBase } from 'pg';
import { randomSlice } from '#libs/journal/random-slices.js';
import { legalDayOf } from '#libs/loan/legal-day.js';
import { isIin, type Iin } from '#libs/subject/iin.js';
import { seal, unseal, type SealedPlace } from '#libs/subject/seal.js';
import { subjectOf } from '#libs/subject/subject.js';
import { ImportRefused } from './import-refused.js';
import { inheritOne, type Heirs, type Inheritance } from './inheriting.service.js';
import { differenceOf, inheritedLine, notCarriedOut, stricter, type SaidLine } from './merge.js';
import { ReportFile } from './report-file.service.js';
import { readSourceFile, type FileLine } from './source-file.service.js';
import { sourceNames, type SourceName } from './sources.js';
import {
  copyLine,
  firstPlace,
  indexLines,
  nextLines,
  prepareStaging,
  stageLines,
  type StagedLine,
} from './staging.store.js';

export interface ImportOptions extends Heirs {
  /** A session of its own: what it stages ends with it. */
  readonly client: ClientBase;
  /** Files in any order, one a source. */
  readonly files: readonly string[];
  readonly report: string;
  /** Everything but appending. */
  readonly isDryRun: boolean;
  /** Registry time. */
  readonly at: number;
  onStep(step: string, total: number): void;
  onProgress(done: number): void;
}

/** What one file came to. */
interface Delivery {
  readonly file: string;
  readonly sha256: string;
  readonly lines: number;
  readonly leftOut: number;
}

export interface ImportSums {
  readonly sources: Readonly<Partial<Record<SourceName, Delivery>>>;
  /** People whom any line is about. */
  readonly people: number;
  /** Of them those whose refusal any source says is in force. */
  readonly inForce: number;
  /** Entries of this run; of a dry run those it would have appended. */
  readonly inherited: number;
  /** In force here before this run. */
  readonly alreadyHere: number;
  readonly saidTwice: number;
  readonly differing: number;
  /** People taken over before of whom this delivery says otherwise: what stands in the Journal stays. */
  readonly notCarriedOut: number;
  /** Sources whose file has a header and no line. */
  readonly withoutLines: readonly SourceName[];
  /** Sources of which no file was given. */
  readonly notGiven: readonly SourceName[];
}

/** Lines that are staged, and people who are appended, at once: what an import holds in memory. */
const someLines = 4000;
const somePeople = 1024;

/** @throws ImportRefused; Problem of the writer */
export async function importRefusals(options: ImportOptions): Promise<ImportSums> {
  const report = await ReportFile.begin(options.report);
  try {
    const sums = await new Import(options, report).run();
    await report.write({ what: 'sums', ...sums });
    await report.finish();
    return sums;
  } catch (error) {
    await report.abandon();
    throw error;
  }
}

/** A person with what each source says of him. */
interface Person {
  readonly subject: Buffer;
  readonly iin: Iin;
  readonly hereSince: number | null;
  readonly sayings: Map<SourceName, SaidLine>;
}

class Import {
  private readonly key = { keyId: randomBytes(4), secret: randomBytes(32) };
  private readonly deliveries = new Map<SourceName, Delivery>();
  private readonly sums = {
    inForce: 0,
    inherited: 0,
    alreadyHere: 0,
    saidTwice: 0,
    differing: 0,
    notCarriedOut: 0,
  };
  private readonly newest: { readonly epoch: number; readonly lookupKey: Buffer };

  constructor(
    private readonly options: ImportOptions,
    private readonly report: ReportFile,
  ) {
    const newest = [...options.keys].at(-1);
    if (newest === undefined) throw new ImportRefused('there is no lookup key');
    this.newest = { epoch: newest[0], lookupKey: newest[1] };
  }

  async run(): Promise<ImportSums> {
    const { client, files, onStep } = this.options;
    await prepareStaging(client);
    for (const file of files) await this.stage(file);
    onStep('sorting', 1);
    const people = await indexLines(client);
    onStep('people', people);
    await this.inheritAll();
    const lines = (name: SourceName): number | undefined => this.deliveries.get(name)?.lines;
    return {
      sources: Object.fromEntries(this.deliveries),
      people,
      ...this.sums,
      withoutLines: sourceNames.filter((name) => lines(name) === 0),
      notGiven: sourceNames.filter((name) => lines(name) === undefined),
    };
  }

  /** Reads a file whole: every line is staged, or named in the report. */
  private async stage(path: string): Promise<void> {
    const { client, at, onStep, onProgress } = this.options;
    onStep(basename(path), (await stat(path)).size);
    let [bytes, lines, leftOut] = [0, 0, 0];
    let waiting: string[] = [];
    const flush = async (): Promise<void> => {
      const some = waiting;
      waiting = [];
      if (some.length > 0) await stageLines(client, `${some.join('\n')}\n`);
    };
    const take = async ({ source, line, read }: FileLine): Promise<void> => {
      if (lines === 0 && this.deliveries.has(source)) throw new ImportRefused(`${source} was given twice`);
      lines += 1;
      if (typeof read === 'string') {
        leftOut += 1;
        return this.report.write({ what: 'left-out', source, line, code: read });
      }
      const { iin, sourceRef, placed, lifted } = read;
      const { bytes: subject } = subjectOf(this.newest.lookupKey, this.newest.epoch, iin);
      const sealedIin = seal(this.key, placeOf(source, line), Buffer.from(iin), randomSlice);
      const isInForce = lifted === undefined;
      waiting.push(copyLine({ subject, source, line, sealedIin, sourceRef, isInForce, placed }));
      if (waiting.length >= someLines) await flush();
    };
    const now = { at, day: legalDayOf(at) };
    const { source, sha256 } = await readSourceFile(path, now, take, (some) => onProgress((bytes += some)));
    await flush();
    if (this.deliveries.has(source)) throw new ImportRefused(`${source} was given twice`);
    this.deliveries.set(source, { file: basename(path), sha256, lines, leftOut });
  }

  private async inheritAll(): Promise<void> {
    const sources = sourceNames.filter((name) => this.deliveries.has(name));
    let done = 0;
    let heirs: Inheritance[] = [];
    let appending: Promise<void> = Promise.resolve();
    const append = async (): Promise<void> => {
      const next = this.append(heirs);
      heirs = [];
      // It is awaited with the next one; until then the writer has something to go on with.
      next.catch(() => undefined);
      await appending;
      appending = next;
      this.options.onProgress(done);
    };
    for await (const { iin, hereSince, sayings } of this.people()) {
      done += 1;
      const difference = differenceOf(sayings, sources);
      if (difference !== undefined) {
        this.sums.differing += 1;
        await this.report.write({ what: 'difference', ...difference });
      }
      const left = hereSince === null ? undefined : notCarriedOut(sayings, sources, hereSince);
      if (left !== undefined) {
        this.sums.notCarriedOut += 1;
        await this.report.write({ what: 'not-carried-out', ...left });
      }
      const line = inheritedLine(sayings);
      if (line === undefined) continue;
      this.sums.inForce += 1;
      const sourceDigest = this.deliveries.get(line.source)?.sha256 ?? '';
      if (hereSince !== null) this.sums.alreadyHere += 1;
      else if (this.options.isDryRun) this.sums.inherited += 1;
      else heirs.push({ iin, line, sourceDigest });
      if (heirs.length >= somePeople) await append();
    }
    await append();
    await appending;
  }

  private async append(heirs: readonly Inheritance[]): Promise<void> {
    const outcomes = await Promise.allSettled(heirs.map((heir) => inheritOne(this.options, heir)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
      this.sums[outcome.value ? 'inherited' : 'alreadyHere'] += 1;
    }
  }

  /** Everybody, in the order of pseudonyms: so rows grow at one edge of their indexes. */
  private async *people(): AsyncGenerator<Person> {
    let person: Person | undefined;
    for await (const staged of this.lines()) {
      const { subject, sealedIin: _sealedIin, hereSince, ...line } = staged;
      if (person !== undefined && !person.subject.equals(subject)) {
        yield person;
        person = undefined;
      }
      person ??= { subject, hereSince, iin: this.iinOf(staged), sayings: new Map() };
      const before = person.sayings.get(line.source);
      if (before !== undefined) {
        this.sums.saidTwice += 1;
        const { source, sourceRef } = line;
        await this.report.write({
          ...{ what: 'said-twice', source, line: line.line, sourceRef, first: before.line },
        });
      }
      person.sayings.set(line.source, before === undefined ? line : stricter(before, line));
    }
    if (person !== undefined) yield person;
  }

  private async *lines(): AsyncGenerator<StagedLine> {
    const { client } = this.options;
    const { epoch } = this.newest;
    let next = nextLines(client, epoch, firstPlace, someLines);
    for (let page = await next; page.length > 0; page = await next) {
      const last = page.at(-1) ?? firstPlace;
      next = nextLines(client, epoch, last, someLines);
      next.catch(() => undefined);
      yield* page;
    }
  }

  private iinOf({ source, line, sealedIin }: StagedLine): Iin {
    const iin = unseal(this.key, placeOf(source, line), sealedIin).toString();
    if (!isIin(iin)) throw new Error('a staged line that names nobody');
    return iin;
  }
}

function placeOf(source: SourceName, line: number): SealedPlace {
  return { table: 'import_lines', column: 'sealed_iin', row: `${source}/${String(line)}` };
}
