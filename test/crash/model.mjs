// What a call does to series and points, as pure functions: the rules of the service written a second time,
// as plainly as possible. A time that is undefined is not known yet: no answer has told it.

const byDate = (a, b) =>
  a.date < b.date
    ? -1
    : a.date > b.date
      ? 1
      : a.revisionDate < b.revisionDate
        ? -1
        : Number(a.revisionDate > b.revisionDate);

export const pointKey = ({ date, revisionDate }) => `${date}|${revisionDate}`;

/**
 * @param operation see workload.mjs
 * @param seriesOf the series of an id as it is before the call, undefined where there is none
 * @returns `series`: id -> as it is after the call, null where it is gone; `source`, where one is made;
 *   `answer`: what the call must answer
 */
export function effectOf(operation, seriesOf) {
  switch (operation.kind) {
    case 'createSource':
      return { series: new Map(), source: operation.source };
    case 'createSeries': {
      const { id, fields } = operation;
      return { series: new Map([[id, { id, fields, points: new Map() }]]) };
    }
    case 'updateSeries': {
      const before = seriesOf(operation.id);
      const fields = { ...before.fields, ...operation.change };
      const after = { ...before, fields, updatedAt: undefined };
      return { series: new Map([[operation.id, after]]) };
    }
    case 'deleteSeries':
      return { series: new Map([[operation.id, null]]), answer: { deleteSeries: true } };
    case 'createDataPoints':
      return upsert(operation.points, seriesOf);
    case 'deleteDataPoints':
      return removePoints(operation, seriesOf(operation.seriesId));
    default:
      throw new Error(`unknown operation ${operation.kind}`);
  }
}

function removePoints({ seriesId, startDate, endDate, revisionDate }, before) {
  const points = new Map(before.points);
  for (const [key, point] of before.points) {
    const isInRange = point.date >= startDate && point.date <= endDate;
    if (isInRange && (revisionDate === null || point.revisionDate === revisionDate)) {
      points.delete(key);
    }
  }
  const deleteDataPoints = before.points.size - points.size;
  return {
    series: new Map([[seriesId, { ...before, points }]]),
    answer: { deleteDataPoints },
  };
}

function upsert(sent, seriesOf) {
  const counts = { addedCount: 0, correctedCount: 0, unchangedCount: 0 };
  const series = new Map();
  for (const { seriesId } of sent) {
    if (!series.has(seriesId)) {
      const before = seriesOf(seriesId);
      series.set(seriesId, { ...before, points: new Map(before.points) });
    }
  }
  for (const point of [...sent].sort(byDate)) {
    counts[upsertPoint(series.get(point.seriesId).points, point)]++;
  }
  return { series, answer: counts };
}

/**
 * A new point that does not say whether it is the original release is one where no earlier publication of
 * its date is known; it then takes the flag over from the next publication.
 */
function upsertPoint(points, { date, revisionDate, stored: value, isOriginalRelease: flag }) {
  const key = pointKey({ date, revisionDate });
  const before = points.get(key);
  if (before) {
    const isOriginal = flag ?? before.isOriginal;
    if (before.value === value && before.isOriginal === isOriginal) return 'unchangedCount';
    points.set(key, { ...before, value, isOriginal, updatedAt: undefined });
    return 'correctedCount';
  }
  const publications = [...points.values()].filter((point) => point.date === date).sort(byDate);
  const isFirst = !publications.some((point) => point.revisionDate < revisionDate);
  const next = publications[0];
  if (flag === null && isFirst && next?.isOriginal) {
    points.set(pointKey(next), { ...next, isOriginal: false, updatedAt: undefined });
  }
  points.set(key, { date, revisionDate, value, isOriginal: flag ?? isFirst });
  return 'addedCount';
}

/** @returns what differs, in words; nothing where `seen` may be what is `expected` */
export function differences(expected, seen) {
  if (!expected && !seen) return [];
  if (!expected) return [`it is there, with ${seen.points.size} points`];
  if (!seen) return [`it is not there; expected ${expected.points.size} points`];
  const found = [];
  const compare = (what, wanted, got) => {
    if (wanted !== got) {
      found.push(`${what}: expected ${JSON.stringify(wanted)}, seen ${JSON.stringify(got)}`);
    }
  };
  for (const [field, value] of Object.entries(expected.fields)) {
    compare(field, value, seen.fields[field]);
  }
  compareTimes(expected, seen, '', compare);
  compare('dataPointCount', expected.points.size, seen.dataPointCount);
  for (const [key, point] of expected.points) {
    const got = seen.points.get(key);
    if (!got) {
      found.push(`point ${key} = ${point.value} is not there`);
      continue;
    }
    compare(`value of point ${key}`, point.value, got.value);
    compare(`isOriginalRelease of point ${key}`, point.isOriginal, got.isOriginal);
    compareTimes(point, got, ` of point ${key}`, compare);
  }
  for (const [key, { value }] of seen.points) {
    if (!expected.points.has(key)) found.push(`point ${key} = ${value} is there, nobody wrote it`);
  }
  return found;
}

function compareTimes(expected, seen, of, compare) {
  for (const time of ['createdAt', 'updatedAt']) {
    if (expected[time] !== undefined) compare(`${time}${of}`, expected[time], seen[time]);
  }
}
