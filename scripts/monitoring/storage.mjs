import {
  damagedFiles,
  diskFree,
  HERE,
  lines,
  quantile,
  RATE,
  row,
  stat,
  writesTaken,
} from './panels.mjs';

export const STORAGE = {
  title: 'Storage Operations',
  description: 'What is read and written, what waits in the log, and whether the files are whole.',
  panels: [
    row('Is it well?'),
    writesTaken(
      'No: a sync of the log failed, and nobody knows what the disk holds. Look at the disk, then restart the instance: it reads what is there.',
    ),
    damagedFiles(
      'Reported and not served; the others are. The log names them. Restore each from a backup, or delete its series.',
    ),
    stat({
      title: 'Oldest change not in a file',
      description:
        'Good is a few times FLUSH_INTERVAL_SECONDS. What grows for minutes is a flush that fails: see failures below and the log.',
      unit: 's',
      query: `max(storage_oldest_change_age_seconds{${HERE}})`,
      thresholds: [
        [null, 'green'],
        [120, 'orange'],
        [900, 'red'],
      ],
    }),
    stat({
      title: 'Log sync, p99',
      description:
        'What a writer waits for at least. Good is below 10 ms on an SSD; a slow disk or a busy neighbour shows here first.',
      unit: 's',
      query: `max(storage_log_sync_duration_seconds{quantile="0.99",${HERE}})`,
      thresholds: [
        [null, 'green'],
        [0.05, 'orange'],
        [0.5, 'red'],
      ],
    }),
    diskFree('Below 15 % grow the volume or move data away.'),
    stat({
      title: 'Failures',
      description:
        'Reads, commits and flushes that failed in the last hour. Good is 0; the log has the cause of each.',
      unit: 'short',
      decimals: 0,
      query: `sum(increase(storage_operations_total{outcome="failure",${HERE}}[1h])) or vector(0)`,
      thresholds: [
        [null, 'green'],
        [1, 'red'],
      ],
    }),
    row('Reads and writes'),
    lines({
      title: 'Operations',
      description:
        'File reads, group commits (`write`), flushes and compactions a second. Reads are what no cache answered.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{operation}} {{outcome}}': `sum by (operation, outcome) (rate(storage_operations_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'p99 by operation',
      description:
        'Promised: a cold read within 100 ms. A slow `write` is a slow sync; a `flush` may take seconds, and nobody waits for it.',
      unit: 's',
      min: 0,
      queries: {
        '{{operation}}': quantile(0.99, 'storage_operation_duration_seconds', {
          by: ['operation'],
        }),
      },
    }),
    lines({
      title: 'Bytes',
      description:
        'Read from files, written to the log, and written to points files. `flush` over `write` is what small changes to large files cost.',
      unit: 'Bps',
      min: 0,
      queries: {
        '{{operation}}': `sum by (operation) (rate(storage_bytes_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Commits and points',
      description: 'Writing calls and the points that they stored, a second.',
      unit: 'wps',
      min: 0,
      queries: {
        commits: `sum(rate(storage_commits_total{${HERE}}[${RATE}]))`,
        points: `sum(rate(storage_points_written_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Log sync',
      description: 'Over the last ten minutes of each instance. Steps up that stay are the disk.',
      unit: 's',
      min: 0,
      queries: { '{{instance}} {{quantile}}': `storage_log_sync_duration_seconds{${HERE}}` },
    }),
    lines({
      title: 'Row groups decoded',
      description:
        'Parquet row groups a second. High with few readers: the cache of batches is too small (GraphQL Performance, Caches).',
      unit: 'ops',
      min: 0,
      queries: {
        '{{instance}}': `sum by (instance) (rate(storage_row_groups_decoded_total{${HERE}}[${RATE}]))`,
      },
    }),
    row('From the log into files'),
    lines({
      title: 'Bytes of log and changes',
      description:
        'What waits to be moved into files. It saws up and down; where it only grows, flushes fail. Writers wait at DELTA_BYTES_MAX.',
      unit: 'bytes',
      min: 0,
      queries: {
        '{{instance}} log': `storage_log_bytes{${HERE}}`,
        '{{instance}} changes': `storage_delta_bytes{${HERE}}`,
      },
    }),
    lines({
      title: 'Waiting',
      description:
        'Series with changes that no file has yet, segments of the log, and files in work at the encoding thread.',
      unit: 'short',
      min: 0,
      queries: {
        '{{instance}} series': `storage_unflushed_series{${HERE}}`,
        '{{instance}} segments': `storage_log_segments{${HERE}}`,
        '{{instance}} encoding': `storage_encoder_tasks{${HERE}}`,
        '{{instance}} threads': `storage_encoder_threads{${HERE}}`,
      },
    }),
    lines({
      title: 'Files written',
      description:
        'Files that flushes put in place, a second: `points` merged with changes, `series` metadata.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{kind}}': `sum by (kind) (rate(storage_files_written_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Age of the oldest change',
      description:
        'How long the change that has waited longest is in the log only. It is durable there; it is not in the files of a backup.',
      unit: 's',
      min: 0,
      thresholds: [
        [null, 'green'],
        [900, 'red'],
      ],
      queries: { '{{instance}}': `storage_oldest_change_age_seconds{${HERE}}` },
    }),
    row('Files'),
    lines({
      title: 'Disk',
      description:
        'Free bytes and size of the file system, and where the free bytes are in a day if the last hours go on.',
      unit: 'bytes',
      min: 0,
      queries: {
        '{{instance}} free': `storage_disk_free_bytes{${HERE}}`,
        '{{instance}} size': `storage_disk_size_bytes{${HERE}}`,
        '{{instance}} free in a day': `clamp_min(predict_linear(storage_disk_free_bytes{${HERE}}[6h], 86400), 0)`,
      },
    }),
    lines({
      title: 'Catalogue',
      description: 'Series, their points and registered sources.',
      unit: 'short',
      min: 0,
      queries: {
        '{{instance}} series': `storage_series{${HERE}}`,
        '{{instance}} points': `storage_points{${HERE}}`,
        '{{instance}} sources': `storage_sources{${HERE}}`,
      },
    }),
    lines({
      title: 'Background check',
      description:
        'How far this pass over all files is. One that never reaches the end within SCRUB_INTERVAL has a disk that is too slow.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      queries: { '{{instance}}': `storage_scrub_progress_ratio{${HERE}}` },
    }),
    lines({
      title: 'Damages found',
      description:
        'By the background check, in the last day. `repaired` files were written anew from memory; `quarantined` ones need a backup.',
      unit: 'short',
      min: 0,
      queries: {
        '{{outcome}}': `sum by (outcome) (increase(storage_scrub_damages_total{${HERE}}[1d]))`,
        'files checked': `sum(increase(storage_scrubbed_files_total{${HERE}}[1d]))`,
      },
    }),
    lines({
      title: 'Age of the last full check',
      description:
        'Since every file had last been read and checked. Without a pass yet nothing is shown.',
      unit: 's',
      min: 0,
      span: 24,
      queries: {
        '{{instance}}': `time() - (storage_scrub_last_pass_timestamp_seconds{${HERE}} > 0)`,
      },
    }),
  ],
};
