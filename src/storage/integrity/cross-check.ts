// What the log, the checkpoint and the files of a directory say of each other. While a service writes, they
// are read at different times and may disagree for a moment; a disagreement that lasts is damage.

import { setTimeout as wait } from 'node:timers/promises';
import { Gauge } from 'prom-client';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { STORAGE_SERIES } from '../../metrics/definitions/catalogue.js';
import { STORAGE_QUARANTINED_FILES } from '../../metrics/definitions/storage.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { decodeCheckpoint } from '../catalog/checkpoint-file.js';
import { SeriesCatalog, type PointsFile } from '../catalog/series-catalog.js';
import { errorCode, type Disk } from '../disk.js';
import { LogDamagedError } from '../log/log-errors.js';
import {
  CHECKPOINT_FILE,
  DELETIONS_FILE,
  LOG_FOLDER,
  pointsFile,
  seriesFile,
  type ParsedName,
} from '../paths.js';
import { takeInventory, type Inventory } from '../recovery/inventory.js';
import { readFooter } from '../recovery/series-files.js';
import { checkDeletionsFile, checkSeriesFile } from './check-file.js';
import { LogEvidence } from './log-evidence.js';
import { problemOf, REMEDIES, type Finding, type Notice } from './report.js';
import { scanLog, type LogScan } from './scan-log.js';

/** What the files of a series said when they were read. */
export interface CheckedSeries {
  /** Of the metadata file, where it is whole. */
  metadataThrough?: Instant;
  /** Source and external id. */
  key?: string;
  /** Of the points file, where it is whole. */
  pointsThrough?: Instant;
}

/** A file that is not whole by itself. */
export interface Fault {
  readonly name: string;
  readonly parsed: ParsedName;
  readonly error: unknown;
}

export interface CrossChecked {
  readonly findings: Finding[];
  readonly notices: Notice[];
  readonly log: LogScan;
  readonly logTailJudged: boolean;
}

/** Looks at everything that disagrees; a service needs far less to finish what it was at. */
const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 200;
/** A log that is being written may be read in the middle of a frame, and then looks damaged there. */
const LOG_ATTEMPTS = 20;
const NO_LOG: LogScan = {
  ...{ commits: 0, segments: 0, bytes: 0, skipped: [], torn: [] },
  lastSequence: 0 as Instant,
};

interface Checkpointed {
  readonly flushedThrough: Instant;
  readonly catalog: SeriesCatalog;
}

interface LogView {
  readonly scan: LogScan;
  readonly evidence: LogEvidence;
  readonly isInUse: boolean;
  readonly findings: readonly Finding[];
}

/** All of them as they were at about the same time. */
interface View {
  readonly log: LogView;
  readonly checkpoint: Checkpointed | undefined;
  readonly inventory: Inventory;
  readonly tombstones: ReadonlyMap<Uuid, Instant>;
}

export class CrossCheck {
  constructor(
    private readonly disk: Disk,
    private readonly isInUse: () => boolean,
    private readonly checked: ReadonlyMap<Uuid, CheckedSeries>,
  ) {}

  async run(faults: readonly Fault[]): Promise<CrossChecked> {
    let view = await this.look();
    let findings = await this.disagreements(view);
    for (let attempt = 1; attempt < ATTEMPTS && findings.length > 0; attempt++) {
      if (view.log.isInUse) await wait(PAUSE_MILLISECONDS);
      view = await this.look();
      const again = new Set((await this.disagreements(view)).map(nameOf));
      findings = findings.filter((finding) => again.has(nameOf(finding)));
    }
    const told = faults.map((fault) => findingOf(fault, view));
    const names = new Set(told.map(({ file }) => file));
    const { scan, isInUse } = view.log;
    return {
      findings: [...told, ...findings.filter(({ file }) => !names.has(file))],
      notices: [...notices(view)],
      log: scan,
      logTailJudged: !isInUse,
    };
  }

  /** The names before the deletions: files go only after their tombstones are there. */
  private async look(): Promise<View> {
    const logged = await this.readLog();
    const inventory = await takeInventory(this.disk);
    return { ...logged, inventory, tombstones: await this.readTombstones() };
  }

  /**
   * The checkpoint before the log, which then holds all that came after it: where segments went meanwhile,
   * it begins too late for the checkpoint, and both are read again.
   */
  private async readLog(): Promise<Pick<View, 'log' | 'checkpoint'>> {
    let before: LogDamagedError | undefined;
    for (let attempt = 1; ; attempt++) {
      const evidence = new LogEvidence();
      const wasInUse = this.isInUse();
      const checkpoint = await this.readCheckpoint();
      const storedThrough = checkpoint?.flushedThrough;
      const seen = (log: LogView) => ({ log, checkpoint });
      try {
        const onCommit = evidence.record.bind(evidence);
        const scan = await scanLog(this.disk, { skipsDamage: false, storedThrough, onCommit });
        return seen({ scan, evidence, isInUse: wasInUse || this.isInUse(), findings: [] });
      } catch (error) {
        const isInUse = wasInUse || this.isInUse();
        const isLast = attempt >= LOG_ATTEMPTS;
        if (error instanceof LogDamagedError) {
          // What is read in the middle of a frame is whole the next time.
          const isSame = error.file === before?.file && error.offset === before.offset;
          if (!isInUse || isSame) return seen(await this.damagedLog(error, storedThrough, isInUse));
          before = error;
        } else if (errorCode(error) !== 'ENOENT' || isLast) {
          const finding = { file: LOG_FOLDER, ...problemOf(error) };
          return seen({ scan: NO_LOG, evidence, isInUse, findings: [finding] });
        }
        // Written faster than it can be read: all of it was seen, and none of it twice at fault.
        if (isLast) return seen({ scan: NO_LOG, evidence, isInUse, findings: [] });
        if (isInUse) await wait(PAUSE_MILLISECONDS / 4);
      }
    }
  }

  private async damagedLog(
    error: LogDamagedError,
    storedThrough: Instant | undefined,
    isInUse: boolean,
  ): Promise<LogView> {
    const scan = await scanLog(this.disk, { skipsDamage: true, storedThrough });
    const [, ...others] = scan.skipped;
    const findings = [
      {
        file: error.file,
        problem: `at byte ${error.offset}: ${error.reason}`,
        remedy: REMEDIES.log,
      },
      ...others.map(({ file, offset, bytes }) => ({
        file,
        problem: `at byte ${offset}: ${bytes} bytes cannot be read`,
        remedy: REMEDIES.log,
      })),
    ];
    // Nothing can be restored by a restart that is refused.
    return { scan, evidence: new LogEvidence(), isInUse, findings };
  }

  /** Undefined where there is none that could be used; a damaged one was found before. */
  private async readCheckpoint(): Promise<Checkpointed | undefined> {
    try {
      const checkpoint = decodeCheckpoint(await this.disk.read(CHECKPOINT_FILE));
      const unregistered = { registers: [] };
      const catalog = new SeriesCatalog(
        new Gauge({ ...STORAGE_SERIES, ...unregistered }),
        new Gauge({ ...STORAGE_QUARANTINED_FILES, ...unregistered }),
      );
      checkpoint.loadInto(catalog);
      return { flushedThrough: checkpoint.facts.flushedThrough, catalog };
    } catch {
      return undefined;
    }
  }

  private async readTombstones(): Promise<ReadonlyMap<Uuid, Instant>> {
    try {
      return checkDeletionsFile(await this.disk.read(DELETIONS_FILE));
    } catch {
      return new Map();
    }
  }

  private async disagreements(view: View): Promise<Finding[]> {
    const { log, checkpoint, inventory } = view;
    const findings = [...log.findings];
    if (checkpoint) {
      for (const row of checkpoint.catalog.rows()) {
        findings.push(...(await this.checkEntry(row, checkpoint, view)));
      }
    }
    for (const id of inventory.points) {
      const isExplained =
        inventory.series.has(id) ||
        checkpoint?.catalog.has(id) === true ||
        log.evidence.metadataAt(id) >= 0;
      if (isExplained || isDeleted(view, id, this.checked.get(id)?.pointsThrough ?? 0)) continue;
      findings.push({
        file: pointsFile(id),
        problem: 'there is no metadata file for these points',
        remedy: REMEDIES.backup,
      });
    }
    return [...findings, ...(await this.duplicates(view))];
  }

  private async checkEntry(
    row: SeriesRow,
    { catalog, flushedThrough }: Checkpointed,
    view: View,
  ): Promise<Finding[]> {
    const { id, updatedAt } = row;
    if (isDeleted(view, id, row.createdAt)) return [];
    const { evidence } = view.log;
    const findings: Finding[] = [];
    if (evidence.metadataAt(id) < updatedAt) {
      const file = seriesFile(id);
      if (!view.inventory.series.has(id)) {
        const problem = 'the file is missing; the catalogue has the series';
        findings.push({ file, problem, remedy: REMEDIES.missingFromCatalogue });
      } else if ((this.checked.get(id)?.metadataThrough ?? updatedAt) < updatedAt) {
        const row = await this.readRow(id);
        if (row && row.updatedAt < updatedAt) {
          const problem = 'the file is older than the catalogue says';
          findings.push({ file, problem, remedy: REMEDIES.damagedInCatalogue });
        }
      }
    }
    const file = catalog.file(id);
    if (file === null) return findings;
    const points = await this.checkPoints(id, file, flushedThrough, view);
    return points ? [...findings, { file: pointsFile(id), ...points }] : findings;
  }

  private async checkPoints(
    id: Uuid,
    expected: PointsFile,
    flushedThrough: Instant,
    { inventory, log }: View,
  ): Promise<Pick<Finding, 'problem' | 'remedy'> | undefined> {
    if (!inventory.points.has(id)) {
      if (log.evidence.goesOnFrom(id, 0, flushedThrough)) return undefined;
      const problem = `the file is missing; the catalogue has ${expected.summary.rows} points of it`;
      return { problem, remedy: REMEDIES.backup };
    }
    const before = this.checked.get(id)?.pointsThrough;
    if (before === undefined) return undefined;
    const found = await this.readPointsFacts(id);
    if (!found || found.sha256 === expected.sha256) return undefined;
    if (log.evidence.goesOnFrom(id, found.throughSeq, flushedThrough)) return undefined;
    if (found.throughSeq <= expected.throughSeq) {
      const problem = `the file is older than the catalogue says (${found.throughSeq}, ${expected.throughSeq})`;
      return { problem, remedy: REMEDIES.backup };
    }
    // Written after the checkpoint: then the log has at least what the checkpoint does not cover.
    if (log.evidence.pointsAt(id) > flushedThrough) return undefined;
    const problem = `the file is newer than the catalogue, and the log does not tell of it (${found.throughSeq})`;
    return { problem, remedy: REMEDIES.indexes };
  }

  private async duplicates(view: View): Promise<Finding[]> {
    const owners = new Map<string, Uuid[]>();
    for (const [id, { key, metadataThrough }] of this.checked) {
      if (key === undefined || isDeleted(view, id, metadataThrough!)) continue;
      // What the log says of the series comes after its file.
      if (view.log.evidence.metadataAt(id) > metadataThrough!) continue;
      owners.set(key, [...(owners.get(key) ?? []), id]);
    }
    const findings: Finding[] = [];
    for (const ids of owners.values()) {
      if (ids.length < 2) continue;
      const rows = (await Promise.all(ids.map((id) => this.readRow(id)))).filter((row) => !!row);
      rows.sort((a, b) => a.createdAt - b.createdAt);
      const [oldest, ...younger] = rows;
      for (const row of younger) {
        if (row.externalId !== oldest!.externalId || row.sourceId !== oldest!.sourceId) continue;
        findings.push({
          file: seriesFile(row.id),
          problem: `${seriesFile(oldest!.id)} has the same source and external id`,
          remedy: REMEDIES.duplicate,
        });
      }
    }
    return findings;
  }

  /** The metadata of a series as it is now; undefined where it is gone or damaged. */
  private async readRow(id: Uuid): Promise<SeriesRow | undefined> {
    try {
      return checkSeriesFile(await this.disk.read(seriesFile(id)), id);
    } catch {
      return undefined;
    }
  }

  private async readPointsFacts(id: Uuid) {
    try {
      return await readFooter(this.disk, pointsFile(id), { kind: 'data_points', seriesId: id });
    } catch {
      return undefined;
    }
  }
}

/** @param since what the files hold: a series of the same id may have been created again */
function isDeleted({ tombstones, log }: View, id: Uuid, since: number): boolean {
  return (tombstones.get(id) ?? -1) >= since || log.evidence.deletedAt(id) >= since;
}

function findingOf({ name, parsed, error }: Fault, { log, checkpoint }: View): Finding {
  const finding = { file: name, ...problemOf(error) };
  if (finding.remedy !== REMEDIES.backup) return finding;
  const flushedThrough = checkpoint?.flushedThrough ?? (0 as Instant);
  switch (parsed.kind) {
    case 'checkpoint':
      return { ...finding, remedy: REMEDIES.indexes };
    case 'identity':
      return { ...finding, remedy: REMEDIES.identity };
    case 'series': {
      const { id } = parsed;
      if (log.evidence.metadataAt(id) > flushedThrough) {
        return { ...finding, remedy: REMEDIES.logMetadata };
      }
      const isKnown = checkpoint?.catalog.has(id) && !isHidden(checkpoint.catalog, id);
      return isKnown ? { ...finding, remedy: REMEDIES.damagedInCatalogue } : finding;
    }
    case 'points':
      return log.evidence.goesOnFrom(parsed.id, 0, flushedThrough)
        ? { ...finding, remedy: REMEDIES.logPoints }
        : finding;
    default:
      return finding;
  }
}

function isHidden(catalog: SeriesCatalog, id: Uuid): boolean {
  return [...catalog.quarantined()].some(([other, what]) => other === id && what === 'series');
}

function* notices({ log, inventory, tombstones }: View): Iterable<Notice> {
  if (log.isInUse) {
    const note = 'another process writes to it: the end of the log is not judged';
    yield { file: LOG_FOLDER, note };
  } else {
    for (const { file, offset, bytes } of log.scan.torn) {
      const note = `at byte ${offset}: ${bytes} bytes of a last write that was never acknowledged; a start cuts them`;
      yield { file, note };
    }
  }
  for (const id of new Set([...inventory.series, ...inventory.points])) {
    if (log.isInUse || !tombstones.has(id)) continue;
    // A series of the same id that was created again has metadata younger than its tombstone.
    if (!inventory.series.has(id)) {
      yield { file: pointsFile(id), note: 'of a deleted series; a start removes it' };
    }
  }
}

function nameOf({ file, problem }: Finding): string {
  return `${file}: ${problem}`;
}
