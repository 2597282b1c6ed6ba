// `npm run bench`: how fast a check is, beside what it could be compared with, interleaved in one run on one machine that
// client, servers and PostgreSQL share. It ends by itself, and fails when any answer was wrong or a sampled receipt does
// not verify. What the lines mean: docs/performance.md.
//
//   --only a,b       contestants: bare, typeorm, pg, pg-one, mtls, open, fsck, two, placings, placing-http, batch,
//                    batch-1000 …, dpop; else all
//   --rounds N       rounds, each of every contestant once (3)
//   --seconds N      length of one contestant's turn (5, at most 20)
//   --connections N,M  for those that are asked over HTTP (16,64,256)
//   --load R,N       fills the registry first: R refusals, N entries in all (tool load)
//   --home DIR       the registry lives in DIR and stays for the next run, with what it is loaded with
//   --soak N         N seconds of checks over 64 connections instead: the memory of the lender's process
//   --explain        prints the plans of the hot statements as docs/performance-explain.md, and measures nothing
//   --json           JSON instead of the table, the table's rows with every round
//   --correct        only whether everything is right: a second each; says nothing about speed
//
// With `--feed` first, how soon a placing is on the credit histories of both bureaus, and how fast they catch up:
//
//   --placings N     signed placings, one after another, idle and beside lenders at full speed (1000; 0: none)
//   --items N        items that both bureaus are behind (30000; 0: none)
//
// With `--lifts N`, how long after its hour a lift is carried out, one of N after another, and what it costs the worker.
//
// With `--stalls`, how soon checks are answered again when a database role keeps the head or all tables that it may lock.
//
// With `--only floods`, or with one by its name, what a bank that asks 100 checks a second notices of it, beside as many
// requests to /livez: flood-bodies, flood-refused, flood-readyz, flood-batches, flood-polls.
import '../support/typescript.mjs';

if (process.argv.includes('--feed')) await import('./feed.ts');
else if (process.argv.includes('--lifts')) await import('./lifts.ts');
else if (process.argv.includes('--stalls')) await import('./stalls.ts');
else if (process.argv.some((word) => /^flood(s|-)/.test(word))) await import('./floods.ts');
else await import('./main.ts');
