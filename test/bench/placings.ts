/** Turns in which refusals are placed: beside checks through the writer, and over HTTP by themselves. */
import type { Job, Round } from './job.js';
import type { Stage } from './stage.js';

/** A busy country on the day it opens: the registry is planned for fewer. */
const placingsPerSecond = 500;
/** Before anything is known of the signatures a second that the citizen's app verifies. */
const firstSignaturesPerSecond = 400;

/** The checks of a job while placings arrive, prepared before the round begins. */
export async function withPlacings(stage: Stage, ms: number, job: Job): Promise<Round> {
  const placer = await stage.placer();
  await placer.prepare(Math.ceil((placingsPerSecond * ms) / 1000));
  const [round, beside] = await Promise.all([
    stage.hammer.run(job),
    placer.place({ perSecond: placingsPerSecond, ms }),
  ]);
  return { ...round, beside, faults: { ...round.faults, ...beside.faults } };
}

/** Signatures through the citizen's app, as a channel hands them in. Applications are opened before the round begins. */
export async function placedOverHttp(
  stage: Stage,
  job: Omit<Job, 'asks' | 'ports'>,
  best: number,
): Promise<Round> {
  const placer = await stage.placer();
  const count = Math.ceil(((best * 1.5 || firstSignaturesPerSecond) * job.ms) / 1000);
  const placings = await placer.handOver(count);
  const url = stage.sandbox.urls.citizen;
  const { token, keyFile } = await stage.portal();
  return stage.hammer.run({
    ...job,
    ...{ asks: 'placing', ports: [Number(new URL(url).port)], placings },
    headers: { authorization: `DPoP ${token}` },
    dpop: { keyFile, token, url, proofs: placings.length },
  });
}
