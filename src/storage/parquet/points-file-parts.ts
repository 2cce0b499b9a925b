// A large points file, decoded some rows at a time. One call would keep everybody waiting: a million rows take
// 60 ms at once. Pages are found by the file's index, so that a row group of any size can be read in parts.

import { ParquetFile } from 'parquet-wasm';
import type { PointBatch } from '../../schema/point-batch.js';
import type { RowGroupSpan } from '../row-groups.js';
import { batchOfTable } from './points-file.js';

/** Rows that are decoded at a time: 2.6 MB, in 3 to 6 ms. */
export const PART_ROWS = 65_536;

export class PointsFileParts {
  private constructor(
    private readonly file: ParquetFile,
    /** The last one may have fewer. */
    private readonly groupRows: number,
  ) {}

  /** @param bytes of a file that is whole */
  static async open(bytes: Uint8Array): Promise<PointsFileParts> {
    const file = await ParquetFile.fromFile(blobOf(bytes));
    const metadata = file.metadata();
    try {
      const hasRows = metadata.numRowGroups() > 0;
      return new PointsFileParts(file, hasRows ? rowsOfFirstGroup(metadata) : 0);
    } finally {
      metadata.free();
    }
  }

  /** The rows of some row groups, which follow each other. */
  async *rows({ from, to }: RowGroupSpan): AsyncGenerator<PointBatch> {
    const { groupRows } = this;
    const groupsPerPart = Math.max(1, Math.floor(PART_ROWS / groupRows));
    for (let group = from; group < to; group += groupsPerPart) {
      const groups = Math.min(groupsPerPart, to - group);
      const rowGroups = Array.from({ length: groups }, (_, n) => group + n);
      if (groupRows <= PART_ROWS) yield await this.read({ rowGroups, batchSize: groupRows });
      else yield* this.groupInParts(rowGroups);
    }
  }

  /** How many rows `rows` may give: as many, or fewer where the last row group is among them. */
  rowsMax({ from, to }: RowGroupSpan): number {
    return (to - from) * this.groupRows;
  }

  close(): void {
    this.file.free();
  }

  private async *groupInParts(rowGroups: number[]): AsyncGenerator<PointBatch> {
    for (let offset = 0; offset < this.groupRows; offset += PART_ROWS) {
      const part = { offset, limit: PART_ROWS, batchSize: PART_ROWS };
      const batch = await this.read({ rowGroups, ...part });
      if (batch.length > 0) yield batch;
      if (batch.length < PART_ROWS) return;
    }
  }

  private async read(options: Parameters<ParquetFile['read']>[0]): Promise<PointBatch> {
    return batchOfTable(await this.file.read(options));
  }
}

function rowsOfFirstGroup(metadata: ReturnType<ParquetFile['metadata']>): number {
  const group = metadata.rowGroup(0);
  try {
    return group.numRows();
  } finally {
    group.free();
  }
}

/**
 * The decoder asks a `Blob` for its size and for the bytes of parts, nothing else. A real one would copy
 * the whole file when it is made.
 */
function blobOf(bytes: Uint8Array): Blob {
  const blob = {
    size: bytes.byteLength,
    slice: (start: number, end: number) => ({
      arrayBuffer: () => Promise.resolve(new Uint8Array(bytes.subarray(start, end)).buffer),
    }),
  };
  return blob as unknown as Blob;
}
