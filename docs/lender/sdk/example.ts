/**
 * One check from the command line: settings in a file, the question on standard input (an IIN is never an argument,
 * because shells write those down), one line out. Ends with 0 only when you may lend.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Question } from './lendable.js';
import { LenderClient, type Settings } from './lender-client.js';
import { mutualTls, type Credentials } from './mutual-tls.js';

type File = Settings & Credentials & Readonly<Record<'keyFile' | 'certFile' | 'caFile', string>>;

const settings = JSON.parse(readFileSync(process.argv[2] ?? 'settings.json', 'utf8')) as File;
const question = JSON.parse(await text(process.stdin)) as Question;
const [key, cert, ca] = [settings.keyFile, settings.certFile, settings.caFile].map((file) =>
  readFileSync(file, 'utf8'),
) as [string, string, string];

const access = await mutualTls({ ...settings, key, cert, ca });
const decision = await new LenderClient(settings, access).check(question);
await access.close();

process.stdout.write(
  decision.lend ? `lend until ${String(decision.answer.validUntil)}\n` : `do not lend: ${decision.why}\n`,
);
process.exitCode = decision.lend ? 0 : 1;
