/**
 * What entries of earlier releases may say and no new act may: rules that no code reads, scopes that open nothing, kinds
 * of entry that nothing appends. Readers take them as they stand, so that an older registry stays verifiable; a new one
 * is refused, because it would be a law or a right that the registry records and ignores.
 */
import { isFormerRule } from '#libs/regime/rule-values.js';
import { formerScopes } from '#libs/party/party.js';
import type { Change } from './change.js';
import { ActRefused, type Body } from './members.js';
import { kindsOfPurpose } from './purposes.js';

/** @throws ActRefused naming what this release does not carry out */
export function assertEnactable({ kind, body }: Change): void {
  const rules = kind === 'registry.opened' ? itemsOf(body['regime']) : [body['rule']];
  const unread = rules.map((rule) => memberOf(rule, 'name')).find(isFormerRule);
  if (unread !== undefined) throw new ActRefused(`no code of this release reads the rule ${String(unread)}`);

  const scope = itemsOf(memberOf(body['party'], 'scopes')).find((each) =>
    formerScopes.includes(String(each)),
  );
  if (scope !== undefined) throw new ActRefused(`the scope ${String(scope)} opens nothing in this release`);

  const known: readonly string[] = kindsOfPurpose(String(body['purpose']));
  const stranger =
    kind === 'key.published'
      ? itemsOf(body['kinds']).find((each) => !known.includes(String(each)))
      : undefined;
  if (stranger !== undefined)
    throw new ActRefused(`${String(body['purpose'])} does not append ${String(stranger)} in this release`);
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Body)[name] : undefined;
}
