/** `sandbox.json` as the contract gives it, as far as a machine client needs it. File names are relative to its home. */

export interface SandboxParty {
  readonly name: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The one audience of its tokens. */
  readonly resource: string;
  readonly kid: string;
  /** PKCS#8 PEM, EC P-256: assertions, proofs and the certificate are all by this key. */
  readonly keyFile: string;
  readonly certFile: string;
}

export interface SandboxCitizen {
  readonly name: string;
  readonly iin: string;
}

export interface SandboxHome {
  readonly issuer: string;
  readonly urls: Readonly<Record<string, string>>;
  /** Authority of the mutual-TLS listeners. */
  readonly tlsCaFile: string;
  readonly parties: readonly SandboxParty[];
  readonly citizens: readonly SandboxCitizen[];
}

/** A name nobody has; the message lists those there are. */
export class UnknownName extends Error {
  constructor(what: string, all: readonly { readonly name: string }[]) {
    // The name is not repeated, because it may be an IIN that somebody typed by mistake.
    super(`no such ${what}; there are: ${all.map((one) => one.name).join(', ')}`);
  }
}

/** A party, or only one that has this scope: a lender has `checks`, a channel `citizen`. @throws {UnknownName} */
export function partyNamed({ parties }: SandboxHome, name: string, scope?: string): SandboxParty {
  const some = parties.filter(({ scopes }) => scope === undefined || scopes.includes(scope));
  const party = some.find((one) => one.name === name);
  if (party === undefined)
    throw new UnknownName(scope === undefined ? 'party' : `party with scope ${scope}`, some);
  return party;
}

/** @throws {UnknownName} */
export function citizenNamed({ citizens }: SandboxHome, name: string): SandboxCitizen {
  const citizen = citizens.find((one) => one.name === name);
  if (citizen === undefined) throw new UnknownName('citizen', citizens);
  return citizen;
}
