/** A founded registry with its public log over HTTP, and the signer that writes the log's files; what specs of the log begin with. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import request from 'supertest';
import { ImmutableFiles } from '#libs/platform/immutable-files.js';
import { createApp } from '#libs/platform/http.js';
import { readSigningKey } from '#libs/platform/keys.js';
import { SignerService } from '../../apps/clerk/signer/signer.service.js';
import { LogModule } from '../../apps/log/log.module.js';
import { keepAnswers, type Answer } from './answers.js';
import { newFolder } from './log-files.js';
import { enter, loginOf, newOperator, type Operator } from './operator.js';

export interface LogScene {
  readonly operator: Operator;
  readonly app: NestFastifyApplication;
  readonly tilesDir: string;
  /** Everything the log answered. */
  readonly answers: readonly Answer[];
  get(path: string, headers?: Record<string, string>): request.Test;
  /** One turn of a signer. @returns the size published */
  publish(): Promise<number | undefined>;
  close(): Promise<void>;
}

export async function newLogScene(): Promise<LogScene> {
  const operator = await newOperator({ opens: true });
  const [tilesDir, holder, answers] = [newFolder(), randomUUID(), [] as Answer[]];
  const config = {
    ...operator.config,
    ...{ app: 'log' as const, tilesDir, database: loginOf(operator.database, 'tyiym_log') },
  };
  const app = await createApp(LogModule.register(config), config, pino({ level: 'silent' }));
  keepAnswers(app, answers);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const signer = await enter(operator.database, 'tyiym_clerk_signer');
  return {
    ...{ operator, app, tilesDir, answers },
    get: (path, headers = {}) => request(app.getHttpServer()).get(path).set(headers),
    publish: () =>
      new SignerService({
        ...{ tx: signer.manager, files: new ImmutableFiles(tilesDir), holder },
        witnesses: { gather: () => Promise.resolve([]) },
        origin: operator.config.origin,
        key: readSigningKey(join(operator.keysRoot, 'clerk-signer'), 'log.jwk.json'),
        clock: () => 0,
      }).publish(),
    close: async () => {
      await app.close();
      await signer.destroy();
      await operator.close();
      rmSync(tilesDir, { recursive: true });
    },
  };
}
