/**
 * What a configuration outside of the sandbox must not do: speak with callers, with the database or with a service it
 * believes over a network that others can read or change.
 */
import { isIP } from 'node:net';
import { addressList, isInList } from './address-list.js';

const own = addressList(['127.0.0.0/8', '::1']);

/** What is looked at of a configuration. */
interface Looked {
  readonly sandbox: boolean;
  readonly database?: { readonly host: string; readonly tls?: object };
  readonly listen?: { readonly proxies?: readonly string[] };
  readonly publicBase?: string;
  readonly issuer: string;
  readonly logBase: string;
  readonly logUrl?: string;
  readonly watchdog?: { readonly lender: string };
  readonly nca?: { readonly ncanodeUrl?: string | null };
  readonly testContour?: object;
}

/** A line for each member that would be unsafe; none in a sandbox, which is one machine. */
export function unsafeMembers(config: Looked): readonly string[] {
  if (config.sandbox) return [];
  const { database, listen, publicBase, issuer, logBase } = config;
  const bases = Object.entries({ publicBase, issuer, logBase });
  const asked = Object.entries({
    logUrl: config.logUrl,
    'watchdog.lender': config.watchdog?.lender,
    'nca.ncanodeUrl': config.nca?.ncanodeUrl,
  });
  return [
    ...bases.filter(([, url]) => url?.startsWith('http:')).map(([name]) => `${name}: begins with https://`),
    ...(config.testContour === undefined ? [] : ['testContour: belongs to a sandbox']),
    ...asked
      .filter(([, url]) => isOverNetwork(url))
      .map(([name]) => `${name}: begins with https://, or names this machine`),
    ...(listen !== undefined && listen.proxies === undefined
      ? [
          'listen.proxies: names the proxies that end TLS in front of this listener; without any, use listenTls',
        ]
      : []),
    ...(database?.tls === undefined && !isOwnHost(database?.host)
      ? ['database.tls: names the authority of the database, whose host is another machine']
      : []),
  ];
}

function isOverNetwork(url: string | null | undefined): boolean {
  if (url?.startsWith('http:') !== true || !URL.canParse(url)) return false;
  return !isOwnHost(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

/** This machine, or the folder of a Unix socket. */
function isOwnHost(host: string | undefined): boolean {
  if (host === undefined || host === 'localhost' || host.startsWith('/')) return true;
  return isIP(host) !== 0 && isInList(own, host);
}
