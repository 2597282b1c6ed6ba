/**
 * The signatures under an act, sealed: an official's certificate holds his IIN. Each act has a data key of its own,
 * wrapped by the identity key, as each person has.
 */
import { seal, unseal, type Random, type SealingKey } from '#libs/subject/seal.js';

/** A row of `official_acts`. */
export interface OfficialActRow {
  readonly actId: string;
  readonly entryIndex: number;
  /** The signed text. */
  readonly act: string;
  /** Sealed with the identity key. */
  readonly dataKey: Buffer;
  /** Sealed with the data key, one after the other's place. */
  readonly cms: readonly Buffer[];
}

interface SignedAct {
  readonly actId: string;
  readonly entryIndex: number;
  /** The exact text that was signed. */
  readonly act: string;
  /** DER, in the order of the entry's `by`. */
  readonly cms: readonly Buffer[];
}

/** @param random fresh random bytes, as many as asked for. */
export function sealAct(act: SignedAct, identityKey: SealingKey, random: Random): OfficialActRow {
  const key = { keyId: random(4), secret: random(32) };
  return {
    actId: act.actId,
    entryIndex: act.entryIndex,
    act: act.act,
    dataKey: seal(identityKey, keyPlace(act.actId), Buffer.concat([key.keyId, key.secret]), random),
    cms: act.cms.map((each, place) => seal(key, cmsPlace(act.actId, place), each, random)),
  };
}

/** The signatures of a row. @throws when a byte of it is another than at sealing. */
export function unsealAct(row: OfficialActRow, identityKey: SealingKey): readonly Buffer[] {
  const bytes = unseal(identityKey, keyPlace(row.actId), row.dataKey);
  const key = { keyId: bytes.subarray(0, 4), secret: bytes.subarray(4) };
  return row.cms.map((each, place) => unseal(key, cmsPlace(row.actId, place), each));
}

const keyPlace = (row: string) => ({ table: 'official_acts', column: 'data_key', row });
const cmsPlace = (actId: string, place: number) => ({
  table: 'official_acts',
  column: 'cms',
  row: `${actId}/${place}`,
});
