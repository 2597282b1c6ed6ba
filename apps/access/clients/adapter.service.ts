/**
 * What oidc-provider asks of storage: clients, which are the parties' rows and nothing else, read anew for every
 * request so that a suspension counts at once; and identifiers of assertions and proofs, each of which counts once in
 * however many processes. Nothing else is ever stored by the features that are on.
 */
import { Provider, errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { partyOf } from '#libs/acts/parties.js';
import type { RegistryReader } from '#libs/acts/registry-reader.service.js';
import { registryNow } from '#libs/party/parties.store.js';
import { pinsCertificate, type Party } from '#libs/party/party.js';
import { listenerOf, presentedCertificate, type Listeners } from '#libs/platform/access/mtls.js';
import { insertOnce, livePayload } from '../tokens/payloads.store.js';
import { clientMetadata, type Binding } from './client-metadata.js';

export interface AdapterSettings {
  readonly dataSource: DataSource;
  /** Parties as their acts may be believed. */
  readonly reader: RegistryReader;
  readonly listeners: Listeners;
  /** Machine time, ms. */
  readonly clock: () => number;
}

/** The adapter of a model, as oidc-provider's `adapter` setting wants it. */
export function adapterOf(model: string, settings: AdapterSettings): Adapter {
  return model === 'Client' ? new PartyClients(settings) : new OnceOnly(model, settings);
}

/** Everything the features that are on do not use. */
abstract class UnusedParts {
  consume(): Promise<void> {
    return unused();
  }
  findByUid(): Promise<undefined> {
    return unused();
  }
  findByUserCode(): Promise<undefined> {
    return unused();
  }
  revokeByGrantId(): Promise<void> {
    return unused();
  }
  destroy(): Promise<void> {
    return unused();
  }
}

class PartyClients extends UnusedParts implements Adapter {
  constructor(private readonly settings: AdapterSettings) {
    super();
  }

  upsert(): Promise<void> {
    return unused();
  }

  async find(clientId: string): Promise<AdapterPayload | undefined> {
    // Anybody writes this text, and PostgreSQL refuses some of it: that would read as if the database were away.
    if (!/^[\x21-\x7e]+$/.test(clientId)) return undefined;
    const { manager } = this.settings.dataSource;
    const [belief, at] = await available(() =>
      Promise.all([this.settings.reader.read(manager), registryNow(manager)]),
    );
    const party = partyOf(belief, clientId);
    if (party?.state !== 'admitted') return undefined;
    return { ...clientMetadata(party, at, this.bindingOf(party, at)) };
  }

  /**
   * A client that sends a proof wants its key bound, any other the certificate it came with, if that is pinned.
   * @throws {errors.InvalidClientAuth} for a certificate that is not
   */
  private bindingOf(party: Party, at: number): Binding {
    const context = Provider.ctx;
    if (context === undefined || context.get('DPoP') !== '') return 'dpop-key';
    const { socket, headers } = context.req;
    const listener = listenerOf(socket, this.settings.listeners);
    const presented = presentedCertificate(listener, socket, headers['client-cert']);
    if (presented === undefined) return 'dpop-key';
    if (!pinsCertificate(party, presented, at))
      throw new errors.InvalidClientAuth('the client certificate is not registered');
    return 'certificate';
  }
}

class OnceOnly extends UnusedParts implements Adapter {
  constructor(
    private readonly model: string,
    private readonly settings: AdapterSettings,
  ) {
    super();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const { dataSource, clock } = this.settings;
    return await available(() => livePayload(dataSource.manager, this.model, id, clock()));
  }

  /** @throws {errors.InvalidClientAuth} when another request stored it since `find` */
  async upsert(id: string, payload: AdapterPayload, expiresIn = 0): Promise<void> {
    const { dataSource, clock } = this.settings;
    const expiresAt = clock() + expiresIn * 1000;
    const isFirst = await available(() => insertOnce(dataSource.manager, this.model, id, payload, expiresAt));
    if (!isFirst) throw new errors.InvalidClientAuth('assertions and proofs count once');
  }
}

/** @throws {errors.OIDCProviderError} 503 `temporarily_unavailable` when the database is away */
async function available<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const error = new errors.OIDCProviderError(503, 'temporarily_unavailable', { cause });
    error.expose = true;
    throw error;
  }
}

function unused(): Promise<never> {
  return Promise.reject(new Error('no feature of this server uses this'));
}
