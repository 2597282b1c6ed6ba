/** The schema of the database beside the one that this program was built with. */
import { readFileSync } from 'node:fs';
import type { EntityManager } from 'typeorm';
import { readSchema } from '../migrate/schema.service.js';
import type { Finding } from './finding.js';
import { compareSchema } from './schema.js';

/** Beside the sources as beside the build, which copies it. */
const file = new URL('../../../migrations/schema.sql', import.meta.url);

/** @throws Error when the program was installed without the schema. */
export async function fsckSchema(tx: EntityManager): Promise<readonly Finding[]> {
  return compareSchema(readFileSync(file, 'utf8'), await readSchema(tx));
}
