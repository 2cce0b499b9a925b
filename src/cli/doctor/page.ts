// The page that `doctor` prints: some 40 lines of at most 100 characters, and not many more where everything is wrong, so
// that it can be read at a glance and sent along with a question.

import { bytesText } from '../../core/bytes-text.js';
import { visible } from '../../logging/escaping.js';
import { count } from '../import/summary.js';
import { durationText, percentText } from './amounts.js';
import { CHECK_STATUSES, type Check } from './check.js';
import type {
  AnsweringService,
  DirectoryFacts,
  Facts,
  KeyFigures,
  LogFacts,
  LoggedError,
} from './facts.js';
import { FILE_KINDS, type FileKind } from './file-kinds.js';

const COLUMNS = 100;
const INDENT = '  ';
const SETTINGS_LINES_MAX = 4;
const ERRORS_MAX = 4;
const ADVICE_MAX = 8;

export function page(facts: Facts, checks: readonly Check[]): string {
  const sections = [
    section('Versions', versions(facts)),
    section('Settings', settings(facts)),
    section('Data directory', directory(facts.directory)),
    section('Service', service(facts)),
    section('Last errors', lastErrors(facts)),
    section('Checks', checks.map(checkLine)),
    section('Advice', adviceOf(checks)),
  ];
  return [`${facts.time}  ${summary(checks)}`, ...sections].join('\n') + '\n';
}

// What others wrote may hold anything, and goes to a terminal.
function section(title: string, lines: readonly string[]): string {
  return `\n${title}\n${lines.map((line) => cut(INDENT + visible(line))).join('\n')}`;
}

function summary(checks: readonly Check[]): string {
  const of = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length;
  return `${count(of('problem'), 'problem')}, ${count(of('warning'), 'warning')}`;
}

function versions({ machine }: Facts): string[] {
  const { version, nodeVersion, system, cpus, memoryBytes } = machine;
  return [
    `service ${version}, Node.js ${nodeVersion}, ${system}`,
    `${count(cpus, 'CPU')}, ${bytesText(memoryBytes)} of memory`,
  ];
}

function settings({ settings: { changed, faults, inUse } }: Facts): string[] {
  const dataDir = changed.some(({ name }) => name === 'DATA_DIR')
    ? []
    : [`DATA_DIR=${inUse.dataDir} (default)`];
  const set = changed.map(({ name, value }) => `${name}=${value}`);
  const lines = wrapped([...dataDir, ...set]);
  const more = lines.length > SETTINGS_LINES_MAX ? ['… (--json has them all)'] : [];
  return [
    ...lines.slice(0, SETTINGS_LINES_MAX),
    ...more,
    // In whole, as the start tells them.
    ...faults.flatMap((fault) => wrapped(fault.split(/(?<=,) /), ' ')),
  ];
}

function directory(facts: DirectoryFacts): string[] {
  const { path, failure, disk, kinds, allocatedBytes, largest, newest, lock } = facts;
  const room = disk && `${bytesText(disk.freeBytes)} of ${bytesText(disk.totalBytes)} free`;
  const head = [`${path}${room === undefined ? '' : `, ${room}`}`];
  if (failure !== undefined) {
    return [...head, failure === 'ENOENT' ? 'not made yet' : `cannot be read (${failure})`];
  }
  const totals = Object.values(kinds);
  const sum = (of: 'files' | 'bytes') => totals.reduce((all, total) => all + total[of], 0);
  const parts = (Object.entries(FILE_KINDS) as [FileKind, string][])
    .filter(([kind]) => kinds[kind].files > 0)
    .map(([kind, name]) => `${name} ${kinds[kind].files} (${bytesText(kinds[kind].bytes)})`);
  const allocated = `${bytesText(allocatedBytes)} of the disk`;
  return [
    ...head,
    `${count(sum('files'), 'file')}, ${bytesText(sum('bytes'))}, ${allocated}`,
    ...wrapped(parts),
    ...largest.slice(0, 1).map(({ name, bytes }) => `largest: ${name} (${bytesText(bytes)})`),
    ...(newest ? [`changed last: ${newest.name} at ${newest.time}`] : []),
    {
      free: 'nobody works on it',
      held: `in use by ${('holder' in lock && lock.holder) || 'a process'}`,
      unknown: `whether it is in use cannot be seen (${'reason' in lock ? lock.reason : ''})`,
    }[lock.state],
  ];
}

/** Problems first: they are often the reason of what follows. */
function adviceOf(checks: readonly Check[]): string[] {
  const advised = CHECK_STATUSES.toReversed().flatMap((wanted) =>
    checks.filter(({ status }) => status === wanted).flatMap(({ advice }) => advice ?? []),
  );
  const advice = [...new Set(advised)];
  if (advice.length === 0) return ['Nothing to do.'];
  const more = advice.length > ADVICE_MAX ? ['… and more; see to these first'] : [];
  return [...advice.slice(0, ADVICE_MAX), ...more];
}

function service({ service: facts }: Facts): string[] {
  switch (facts.state) {
    case 'not asked':
      return ['not asked: PORT is 0'];
    case 'not running':
      return ['not running'];
    case 'silent':
    case 'foreign':
      return [`${facts.address}: ${facts.reason}`];
    case 'answers':
      return answering(facts);
  }
}

function answering({ address, health, metrics }: AnsweringService): string[] {
  const uptime = health.uptimeSeconds;
  const wrong = health.checks.filter(({ status }) => status !== 'Healthy');
  const well = health.checks.length - wrong.length;
  return [
    `${address}, ${health.status}${uptime === undefined ? '' : `, up ${durationText(uptime)}`}`,
    `${well} of ${health.checks.length} checks are healthy`,
    ...(metrics ? wrapped(figures(metrics)) : ['/metrics does not answer']),
  ];
}

function figures(metrics: KeyFigures): string[] {
  const shown = <T>(value: T | undefined, text: (value: T) => string): string[] =>
    value === undefined ? [] : [text(value)];
  return [
    ...shown(metrics.residentBytes, (bytes) => `memory ${bytesText(bytes)}`),
    ...shown(metrics.series, (series) => count(series, 'series')),
    ...shown(metrics.points, (points) => count(points, 'point')),
    ...shown(metrics.logBytes, (bytes) => `log ${bytesText(bytes)}`),
    ...shown(metrics.deltaBytes, (bytes) => `changes in memory ${bytesText(bytes)}`),
    ...shown(metrics.heldSeconds, (held) => `event loop held ${durationText(held)} at most`),
    ...Object.entries(metrics.hitRatios).map(
      ([cache, ratio]) => `hits of ${cache} ${percentText(ratio)}`,
    ),
  ];
}

function lastErrors({ service: facts, log }: Facts): string[] {
  const errors = facts.state === 'answers' ? facts.metrics?.errors : undefined;
  const counts =
    errors &&
    Object.entries(errors)
      .map(([where, failures]) => `${where} ${failures}`)
      .join(', ');
  return [
    counts === undefined ? 'no service was asked' : `since the start, by our fault: ${counts}`,
    ...(log ? logged(log) : ['give a log file with --log to see them']),
  ];
}

function logged({ file, lines, notJson, errors }: LogFacts): string[] {
  const other = notJson > 0 ? `, ${notJson} of them not JSON` : '';
  const head = `${file}: ${count(lines, 'line')} read${other}`;
  if (errors.length === 0) return [`${head}, no error`];
  return [
    head,
    ...errors.slice(0, ERRORS_MAX).map(errorLine),
    ...(errors.length > ERRORS_MAX ? ['… (--json has them all)'] : []),
  ];
}

function errorLine({
  message,
  reason,
  count: times,
  lastTime,
  code,
  requestId,
}: LoggedError): string {
  const parts = [`${times}x`, lastTime, code, requestId, message, reason && `(${reason})`];
  return parts.filter((part) => part !== undefined).join(' ');
}

const STATUS_WIDTH = Math.max(...CHECK_STATUSES.map((status) => status.length));

function checkLine({ name, status, message }: Check): string {
  const shown = status === 'problem' ? status.toUpperCase() : status;
  return `${shown.padEnd(STATUS_WIDTH)}  ${name}: ${message}`;
}

/** As many parts on a line as fit. */
function wrapped(parts: readonly string[], separator = ', '): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const joined = last === undefined ? part : last + separator + part;
    if (last === undefined || joined.length > COLUMNS - INDENT.length - 1) lines.push(part);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}

function cut(line: string): string {
  return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line;
}
