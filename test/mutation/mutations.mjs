// The rules of durability, and those that keep answers from being stale, each with the change to the source that removes it. A change names the text that
// it replaces, which must occur exactly once: whoever rewrites a rule rewrites its mutation.

const SIMULATION = 'test/simulation/simulation.spec.ts';
const KILL_THEN_POWER_CUT = 'test/simulation/kill-then-power-cut.spec.ts';

/** @param specs what has to turn red; the simulation unless said */
function mutation(rule, file, text, replacement, specs = [SIMULATION]) {
  return { rule, file: `src/storage/${file}`, text, replacement, specs };
}

const LINEARIZABILITY = 'test/property/linearizability.spec.ts';
const CACHED_ANSWERS = 'test/e2e/cached-answers.spec.ts';

/** A rule of the caches. */
function freshness(rule, file, text, replacement, specs = [LINEARIZABILITY]) {
  return { rule, file: `src/${file}`, text, replacement, specs };
}

export const MUTATIONS = [
  // What reaches the disk.
  mutation(
    'a new file is synced',
    'file-disk.ts',
    '      await file.sync();\n    } finally',
    '    } finally',
    ['src/storage/file-disk.spec.ts'],
  ),
  mutation(
    'an open file is synced when told to',
    'file-disk.ts',
    'return this.file.datasync();',
    'return Promise.resolve();',
    ['src/storage/file-disk.spec.ts'],
  ),
  mutation('a directory is synced when told to', 'file-disk.ts', 'await directory.sync();', '', [
    'src/storage/file-disk.spec.ts',
  ]),

  // The log.
  mutation(
    'a commit is synced before it is acknowledged',
    'log/write-ahead-log.ts',
    '    try {\n      await this.current.file.sync();\n    } catch (error) {',
    '    try {\n    } catch (error) {',
  ),
  mutation(
    'the name of a new segment is durable before it is used',
    'log/segment.ts',
    '  await disk.syncDirectory(LOG_FOLDER);\n  return {',
    '  return {',
  ),
  mutation(
    'a commit is visible only when it is durable',
    'committer.ts',
    '        const commits = group.map(({ commit }) => commit);\n',
    '        const commits = group.map(({ commit }) => commit);\n        for (const commit of commits) this.state.apply(commit);\n',
    [SIMULATION, 'test/integration/storage-faults.spec.ts'],
  ),
  mutation(
    'a failed sync stops all writing',
    'log/write-ahead-log.ts',
    "throw this.poisoned('The log could not be synced', error);",
    'throw error;',
    ['test/integration/storage-faults.spec.ts'],
  ),
  mutation(
    'a failed write is cut off the log',
    'log/write-ahead-log.ts',
    '      await this.current.file.truncate(this.end);\n',
    '',
    [SIMULATION, 'src/storage/log/write-ahead-log.spec.ts'],
  ),
  mutation(
    'the cutting is synced',
    'log/write-ahead-log.ts',
    '      await this.current.file.truncate(this.end);\n      await this.current.file.sync();\n',
    '      await this.current.file.truncate(this.end);\n',
    [SIMULATION, 'src/storage/log/write-ahead-log.spec.ts'],
  ),
  mutation(
    'a marker proves that the last frame was whole',
    'log/write-ahead-log.ts',
    "await this.current.file.write(this.end, this.frame('marker', this.sequence));",
    '',
    ['src/storage/log/write-ahead-log.spec.ts', 'src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'segments are removed one by one',
    'log/write-ahead-log.ts',
    '        await this.disk.syncDirectory(LOG_FOLDER);\n        this.full.shift();',
    '        this.full.shift();',
    [SIMULATION, 'src/storage/log/write-ahead-log.spec.ts'],
  ),

  // Recovery.
  mutation(
    'a frame is checked against its checksum',
    'log/frame.ts',
    'if (crc32c(bytes.subarray(offset + CHECKED_FROM, end), salt) !== checksum) return undefined;',
    '',
    [SIMULATION, 'src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'the header of a segment is checked',
    'log/segment.ts',
    'bytes.readUInt32LE(CHECKSUM_AT) !== crc32c(bytes.subarray(0, CHECKSUM_AT))',
    'bytes.length === 0',
    ['src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'each frame follows on the one before',
    'log/segment-scan.ts',
    "    if (this.knowledge === 'lost') return true;",
    '    return true;',
    ['src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'whole frames behind a bad one refuse the start',
    'log/segment-scan.ts',
    'const stray = findFrame(bytes, at + 1, header.salt);',
    'const stray = undefined as Frame | undefined;',
    ['src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'the log begins where the checkpoint ends',
    'log/segment-scan.ts',
    'if (sequence > storedThrough) {',
    'if (sequence > Infinity) {',
    ['src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'the tail is written again before it is served',
    'log/log-recovery.ts',
    '    await file.write(0, bytes.subarray(0, end));\n',
    '',
    [SIMULATION, 'src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'the tail is synced before it is served',
    'log/log-recovery.ts',
    '    await file.write(end, Buffer.alloc(size - end));\n    await file.sync();\n',
    '    await file.write(end, Buffer.alloc(size - end));\n',
    [SIMULATION, 'src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'what lies behind the tail is wiped',
    'log/log-recovery.ts',
    '    await file.write(end, Buffer.alloc(size - end));\n',
    '',
    [SIMULATION, 'src/storage/log/log-reader.spec.ts'],
  ),
  mutation(
    'names of segments are durable before the log goes on',
    'log/log-reader.ts',
    '  await disk.syncDirectory(LOG_FOLDER);\n',
    '',
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'names of files are durable before anything is built on them',
    'recovery/directory-opener.ts',
    '    await this.disk.syncDirectory();\n    await this.disk.syncDirectory(INDEX_FOLDER);\n',
    '    await this.disk.syncDirectory(INDEX_FOLDER);\n',
    [KILL_THEN_POWER_CUT],
  ),
  mutation(
    'the name of the checkpoint is durable before anything is built on it',
    'recovery/directory-opener.ts',
    '    await this.disk.syncDirectory();\n    await this.disk.syncDirectory(INDEX_FOLDER);\n',
    '    await this.disk.syncDirectory();\n',
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'instants go on behind every one that was given',
    'recovery/directory-opener.ts',
    '    this.clock.observe(this.state.appliedThrough);\n    this.clock.observe(log.lastSequence);\n',
    '',
  ),
  mutation(
    'replay leaves out what a file holds already',
    'recovery/replay.ts',
    'return instant <= (this.state.catalog.file(id)?.throughSeq ?? NEVER);',
    'return false;',
  ),
  mutation(
    'replay leaves out what is of an earlier series of the same id',
    'recovery/replay.ts',
    'if (instant < (known?.createdAt ?? NEVER)) return true;',
    '',
  ),
  mutation(
    'replay looks at the files before the checkpoint is believed',
    'recovery/replay.ts',
    '    await mapConcurrently(unseen, FILES_IN_FLIGHT, (id) => this.lookUp(id));\n',
    '    for (const id of unseen) this.metadataThrough.set(id, NEVER);\n',
  ),

  // The flush, and the end of the log.
  mutation(
    'a file is read back before it takes a place',
    'flush/staged-files.ts',
    'Buffer.compare(await disk.read(staged.temporary), bytes) !== 0',
    'bytes.byteLength < 0',
    ['test/integration/storage-flush.spec.ts', 'test/integration/storage-faults.spec.ts'],
  ),
  mutation(
    'a shared file is durable under its name',
    'flush/staged-files.ts',
    '  await disk.syncDirectory(folderOf(name));\n',
    '',
  ),
  mutation(
    'points files are durable under their names before the deltas go',
    'flush/points-flush.ts',
    '    await disk.syncDirectory();\n',
    '',
  ),
  mutation(
    'metadata files are durable under their names before the log goes',
    'flush/metadata-flush.ts',
    "        await disk.syncDirectory();\n        metrics.writes.countFiles('series', current.length);",
    "        metrics.writes.countFiles('series', current.length);",
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'the removal of files is durable before the log goes',
    'flush/metadata-flush.ts',
    '          await disk.syncDirectory();\n',
    '',
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'a points file is not put in place of a deleted series',
    'flush/points-flush.ts',
    'const current = made.filter((file) => this.isCurrent(file));',
    'const current = made;',
    [SIMULATION, 'test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'a metadata file is not put in place of a deleted series',
    'flush/metadata-flush.ts',
    'const current = staged.filter(({ row }) => this.isCurrent(row));',
    'const current = staged;',
    [SIMULATION, 'test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'what the log says is laid over the state that it was resolved against',
    'recovery/replay.ts',
    '    this.checkBase(id, effect.base);\n',
    '',
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'what is committed during a flush stays in the delta',
    'flush/points-flush.ts',
    'state.putDelta(id, state.catalog.delta(id)?.after(file.throughSeq) ?? null);',
    'state.putDelta(id, null);',
  ),
  mutation(
    'the log keeps points that are not in files',
    'stored-state.ts',
    '    for (const [, delta] of this.catalog.deltas()) waits(delta.firstSeq);\n',
    '',
  ),
  mutation(
    'the log keeps metadata that is not in files',
    'stored-state.ts',
    '    for (const instant of this.unwrittenSeries.values()) waits(instant);\n',
    '',
  ),
  mutation(
    'the log keeps deletions until the files are gone',
    'stored-state.ts',
    '    for (const instant of this.unremovedSeries.values()) waits(instant);\n',
    '',
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'the log keeps deletions that are not in their file',
    'stored-state.ts',
    '    waits(this.unwrittenDeletions[0]?.deletedAt);\n',
    '',
    ['test/integration/storage-flush.spec.ts'],
  ),
  mutation(
    'the log keeps sources that are not in their file',
    'stored-state.ts',
    '    waits(this.unwrittenSources);\n',
    '',
  ),
  mutation(
    'segments go after the checkpoint that covers them',
    'checkpointer.ts',
    '    await replaceFile(this.disk, CHECKPOINT_FILE, bytes);\n',
    '    await this.log.release(flushedThrough);\n    await replaceFile(this.disk, CHECKPOINT_FILE, bytes);\n',
  ),

  // What files say of themselves.
  mutation(
    'every byte of a file is checked',
    'parquet/file-seal.ts',
    'if (digestOf(bytes, at) !== facts.sha256) {',
    "if (digestOf(bytes, at) === '') {",
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'the facts in a footer are checked',
    'parquet/file-seal.ts',
    "if (entries.get('facts_sha256') !== factsDigest(entries)) {",
    "if (entries.get('facts_sha256') === '') {",
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'a file is that of the series its name says',
    'parquet/file-seal.ts',
    'if (kind !== expected.kind || seriesId !== expected.seriesId) {',
    'if (kind !== expected.kind) {',
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'every byte of the file that was written last is checked',
    'parquet/file-seal.ts',
    'return at !== undefined && digestOf(bytes, at) === sha256;',
    "return at !== undefined && digestOf(bytes, at) !== '';",
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'a file is the one that was written last',
    'parquet/points-file.ts',
    "  throw new DamagedFileError('the file is not the one that was written last');\n",
    '',
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'a newer format is refused',
    'parquet/file-seal.ts',
    'if (formatVersion > FORMAT_VERSION) {',
    'if (formatVersion > Infinity) {',
    ['test/integration/storage-damage.spec.ts'],
  ),
  mutation(
    'the checkpoint is checked against its checksum',
    'catalog/checkpoint-file.ts',
    'trailer.readUInt32LE(MAGIC.length) !== crc32c(bytes.subarray(0, end + MAGIC.length))',
    'end < 0',
    ['src/storage/catalog/checkpoint-file.spec.ts'],
  ),
  mutation(
    'one process writes in a directory',
    'directory-lock.ts',
    'if (flock(fd, LOCK_EXCLUSIVE | LOCK_NON_BLOCKING) !== 0) {',
    'if (flock(fd, LOCK_EXCLUSIVE | LOCK_NON_BLOCKING) > 0) {',
    ['test/integration/storage-lock.spec.ts'],
  ),

  // Vintages.
  mutation(
    'a repeated value is stored when an older vintage comes',
    'vintages/resolve-vintages.ts',
    'if (!isSame(value, last)) this.insert(rows, speaking, last);',
    '',
    ['src/storage/vintages/resolve-vintages.spec.ts'],
  ),
  mutation(
    'a row that turns out to repeat the value before it goes',
    'vintages/resolve-vintages.ts',
    'if (next && isSame(next.value, last) && this.known.isPublished(next.revisionDate)) {',
    'if (next && next.revisionDate < day) {',
    ['src/storage/vintages/resolve-vintages.spec.ts'],
  ),
  mutation(
    'a file keeps what is known of vintages',
    'flush/points-flush.ts',
    'const vintages = base.vintages.apply(vintageChanges);',
    'const { vintages } = base;',
    ['test/property/stores.spec.ts'],
  ),
  mutation(
    'deleted points take what later vintages repeated of them along',
    'logged-data-points-store.ts',
    'const retractions = retractionsOf(points, deleted);',
    'const retractions = [];',
    ['test/property/stores.spec.ts'],
  ),
  mutation(
    'vintages that are only in the log are known',
    'vintages/vintages-reader.ts',
    'return { version, vintages: inFile.apply(delta?.vintageChanges ?? []) };',
    'return { version, vintages: inFile };',
    ['test/property/stores.spec.ts'],
  ),
  // What is answered from memory.
  freshness(
    'an answer is given out only while all that it has read stands',
    'graphql/answers/answer.ts',
    'return this.reads.areCurrent;',
    'return true;',
  ),
  freshness(
    'a question shares an answer that is being made only if nothing was written since',
    'graphql/answers/answers.ts',
    'if (pending?.everything === everything) return pending.answer;',
    'if (pending) return pending.answer;',
  ),
  freshness(
    'a change of points is a change of everything',
    'storage/catalog/series-catalog.ts',
    '  putDelta(id: Uuid, delta: SeriesDelta | null): void {\n    this.changeCount += 1;',
    '  putDelta(id: Uuid, delta: SeriesDelta | null): void {',
  ),
  freshness(
    'a change of metadata changes the version of its series',
    'storage/catalog/series-catalog.ts',
    'if (slot !== undefined) this.table.setRowVersion(slot, this.rowChangeCount);',
    '',
    [CACHED_ANSWERS, LINEARIZABILITY],
  ),
  freshness(
    'a change of a source is a change of the catalogue',
    'storage/stored-state.ts',
    'this.sourceChanges += 1;',
    '',
    [CACHED_ANSWERS, LINEARIZABILITY],
  ),
  freshness(
    'what has no version is not kept',
    'graphql/execution/answer-reads.ts',
    'this.hasUnversioned = true;',
    '',
    [CACHED_ANSWERS],
  ),
  freshness(
    'variables are part of the question',
    'graphql/answers/questions.ts',
    'const key = operation.id + shortened(operation.sentOf(sent));',
    'const key = operation.id;',
    [CACHED_ANSWERS],
  ),
];
