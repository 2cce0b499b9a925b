import { DuckDBInstance, type Json } from '@duckdb/node-api';

/** Asks DuckDB, in a process memory of its own; 64-bit integers come back as text. */
export async function duckdb(...statements: string[]): Promise<Record<string, Json>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    let rows: Record<string, Json>[] = [];
    for (const statement of statements) {
      rows = (await connection.runAndReadAll(statement)).getRowObjectsJson();
    }
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
