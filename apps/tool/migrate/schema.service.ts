/** Reads the schema of a database as texts that are committed and compared. */
import type { DataSource, EntityManager } from 'typeorm';
import type { Config } from '#libs/platform/config.js';
import { databaseTarget, openDatabase } from '#libs/platform/database.js';
import { grantsText, schemaText, type Schema } from './schema-text.js';
import { schemaFunctions, schemaPartitions, schemaTables } from './schema.store.js';
import { schemaSurroundings } from './surroundings.store.js';

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
  const schema = await readSchema(manager);
  return { schema: schemaText(schema), grants: grantsText(schema) };
}

/** Everything that is compared, as it stands. One statement after the other: they may share a connection. */
export async function readSchema(tx: EntityManager): Promise<Schema> {
  return {
    tables: await schemaTables(tx),
    functions: await schemaFunctions(tx),
    partitions: await schemaPartitions(tx),
    surroundings: await schemaSurroundings(tx),
  };
}
