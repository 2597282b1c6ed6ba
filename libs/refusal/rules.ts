/** What verdicts are judged by beside the refusals: parties and the dated table of law, as the entries before left them. */
import type { Party } from '#libs/party/party.js';
import type { Regime } from '#libs/regime/regime.js';

export interface Rules {
  /** By client id; suspended ones too. */
  readonly parties: ReadonlyMap<string, Party>;
  readonly regime: Regime;
}
