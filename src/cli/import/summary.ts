// The one line that an import ends with. Pure.

export interface ImportTotals {
  files: number;
  created: number;
  updated: number;
  matched: number;
  added: number;
  corrected: number;
  revised: number;
  withdrawn: number;
  unchanged: number;
  skippedLines: number;
}

export function noTotals(): ImportTotals {
  return {
    files: 0,
    created: 0,
    updated: 0,
    matched: 0,
    added: 0,
    corrected: 0,
    revised: 0,
    withdrawn: 0,
    unchanged: 0,
    skippedLines: 0,
  };
}

export function summaryLine(totals: ImportTotals, seconds: number, areVintages: boolean): string {
  const { created, updated, matched, added, corrected, unchanged, skippedLines } = totals;
  const { revised, withdrawn } = totals;
  const changed = added + corrected + revised + withdrawn;
  const points = changed + unchanged;
  const isChanged = created + updated + changed > 0;
  const outcome =
    totals.files === 0 ? 'Nothing imported:' : isChanged ? 'Imported' : 'Nothing changed:';
  const rate = Math.round(points / Math.max(seconds, 0.001));
  const changes = areVintages
    ? [`${number(revised)} revised`, `${number(withdrawn)} withdrawn`]
    : [`${number(corrected)} corrected`];
  return [
    `${outcome} ${count(totals.files, 'file')}`,
    `series: ${number(created)} created, ${number(updated)} updated, ${number(matched)} matched`,
    `points: ${number(added)} added, ${changes.join(', ')}, ${number(unchanged)} unchanged`,
    ...(skippedLines > 0 ? [`${count(skippedLines, 'line')} skipped`] : []),
    `${seconds.toFixed(1)} s, ${number(rate)} points/s`,
  ].join('; ');
}

export function count(amount: number, noun: string): string {
  return `${number(amount)} ${noun}${amount === 1 || noun === 'series' ? '' : 's'}`;
}

export function number(amount: number): string {
  return amount.toLocaleString('en-US');
}
