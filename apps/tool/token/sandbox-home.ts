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

/** @throws Error that lists the names there are */
export function partyNamed(home: SandboxHome, name: string): SandboxParty {
  return named(home.parties, name, 'party');
}

/** @throws Error that lists the names there are */
export function citizenNamed(home: SandboxHome, name: string): SandboxCitizen {
  return named(home.citizens, name, 'citizen');
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string, what: string): T {
  const found = all.find((one) => one.name === name);
  // The name is not repeated, because it may be an IIN that somebody typed by mistake.
  if (found === undefined)
    throw new Error(`no such ${what}; there are: ${all.map((one) => one.name).join(', ')}`);
  return found;
}
