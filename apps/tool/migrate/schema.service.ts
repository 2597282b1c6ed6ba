/** Reads the schema of a database as texts that are committed and compared. */
import type { DataSource } from 'typeorm';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { grantsText, schemaText } from './schema-text.js';
import { schemaFunctions, schemaTables } from './schema.store.js';

export interface SchemaTexts {
  /** `migrations/schema.sql` */
  readonly schema: string;
  /** `docs/grants.md` */
  readonly grants: string;
}

/** The texts of the database that this configuration names; its user is the owner. */
export async function readSchemaTexts(owner: Config): Promise<SchemaTexts> {
  const dataSource = await openDatabase(databaseTarget(owner.database), { poolSize: 1 });
  try {
    return await schemaTextsOf(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The same over an open DataSource. */
export async function schemaTextsOf({ manager }: DataSource): Promise<SchemaTexts> {
  const tables = await schemaTables(manager);
  const functions = await schemaFunctions(manager);
  return { schema: schemaText(tables, functions), grants: grantsText(tables, functions) };
}
