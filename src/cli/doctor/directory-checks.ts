import { bytesText } from '../../core/bytes-text.js';
import { durationText, percentText } from './amounts.js';
import { failed, ok, unknown, type Check } from './check.js';
import type { DirectoryFacts, Facts } from './facts.js';

/** That of the alert DiskFilling. */
export const FREE_SHARE_WANTED = 0.15;
export const FREE_FILES_SHARE_WANTED = 0.05;
const FREE_FILES_SHARE_MIN = 0.01;

/** Clocks of a machine and of its disk's server differ by less. */
export const AHEAD_SECONDS_MAX = 60;
const FAR_AHEAD_SECONDS = 86_400;
/** Before the first release: a machine that does not know the time says 1970. */
const FIRST_RELEASE = Date.parse('2026-01-01T00:00:00Z');

export function directoryChecks(facts: Facts): Check[] {
  const { directory } = facts;
  return [
    isThere(directory),
    ...(directory.disk
      ? [space(facts, directory.disk), ...freeFiles(directory.disk)]
      : [unknown('disk space', 'the file system does not tell')]),
    log(facts),
    ...salvaged(directory),
    clock(facts),
  ];
}

function isThere({ path, failure, notWritable }: DirectoryFacts): Check {
  const how = {
    advice: 'Let the user of the service read and write DATA_DIR',
    section: 'data-directory',
  };
  if (failure !== undefined && failure !== 'ENOENT') {
    return failed('data directory', 'problem', `cannot be read (${failure})`, how);
  }
  if (notWritable !== undefined) {
    return failed('data directory', 'problem', `cannot be written (${notWritable})`, how);
  }
  return failure === 'ENOENT'
    ? failed('data directory', 'warning', `there is none yet: ${path}`, {
        ...how,
        advice: 'Set DATA_DIR if the data are elsewhere; a start makes it',
      })
    : ok('data directory', 'may be read and written');
}

type Disk = NonNullable<DirectoryFacts['disk']>;

function space({ settings: { inUse } }: Facts, { freeBytes, totalBytes }: Disk): Check {
  const free = totalBytes === 0 ? 0 : freeBytes / totalBytes;
  const message = `${bytesText(freeBytes)} of ${bytesText(totalBytes)} free (${percentText(free)})`;
  if (freeBytes === 0 || 100 * free < inUse.healthDiskFreePercentMin) {
    const advice = 'Make room on the disk of DATA_DIR, or enlarge it, now';
    return failed('disk space', 'problem', message, { advice, section: 'disknearlyfull' });
  }
  return free < FREE_SHARE_WANTED
    ? failed('disk space', 'warning', message, {
        advice: 'Plan for more room on the disk of DATA_DIR',
        section: 'diskfilling',
      })
    : ok('disk space', message);
}

/** Each series is two files. Some file systems have no limit, and say 0. */
function freeFiles({ freeFiles: left, totalFiles: total }: Disk): Check[] {
  if (total === 0) return [];
  const share = left / total;
  const message = `room for ${left.toLocaleString('en-US')} more files (${percentText(share)})`;
  if (share >= FREE_FILES_SHARE_WANTED) return [ok('inodes', message)];
  const status = share < FREE_FILES_SHARE_MIN ? 'problem' : 'warning';
  const advice = 'Use a file system for DATA_DIR that takes more files';
  return [failed('inodes', status, message, { advice, section: 'capacity-planning' })];
}

/** Segments go once the log has grown by as much as a checkpoint takes, and all in them is in files. */
function log({ directory: { kinds }, settings: { inUse }, service }: Facts): Check {
  const metrics = service.state === 'answers' ? service.metrics : undefined;
  const bytes = metrics?.logBytes ?? kinds.log.bytes;
  const { deltaBytesMax, logSegmentBytes } = inUse;
  const expected = kinds.checkpoint.bytes + 2 * deltaBytesMax + 4 * logSegmentBytes;
  const message = `${bytesText(bytes)}, up to ${bytesText(expected)} is usual`;
  const how = {
    advice: 'See the checks flushing and stored_files of /health',
    section: 'lognotdraining',
  };
  if (bytes > expected) return failed('write-ahead log', 'warning', message, how);
  const age = metrics?.oldestChangeSeconds ?? 0;
  return age > 900
    ? failed('write-ahead log', 'warning', `has changes of ${durationText(age)} ago`, how)
    : ok('write-ahead log', message);
}

function salvaged({ kinds: { damaged } }: DirectoryFacts): Check[] {
  if (damaged.files === 0) return [];
  const message = `${damaged.files} segment(s) kept by salvage-log, ${bytesText(damaged.bytes)}`;
  const advice = 'Move wal/*.damaged away once what was lost was sent again';
  return [failed('damaged log', 'warning', message, { advice, section: 'data-directory' })];
}

function clock({ time, directory: { newest } }: Facts): Check {
  const now = Date.parse(time);
  const how = { advice: 'Let this machine take its time from the network (NTP)', section: 'clock' };
  if (now < FIRST_RELEASE) return failed('clock', 'problem', `it says ${time}`, how);
  const ahead = newest === undefined ? 0 : (Date.parse(newest.time) - now) / 1000;
  if (ahead <= AHEAD_SECONDS_MAX) return ok('clock', 'not behind the files');
  const message = `${newest!.name} was changed ${durationText(ahead)} from now`;
  return failed('clock', ahead > FAR_AHEAD_SECONDS ? 'problem' : 'warning', message, how);
}
