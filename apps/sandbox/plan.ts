/**
 * What the sandbox consists of: its ports, its folders and who lives there. One table each, so that the configuration
 * files, the people and `sandbox.json` cannot disagree.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { watchdogId } from '#libs/party/party.js';

export const host = '127.0.0.1';
export const origin = 'sandbox.tyiym.kz/journal/1';
const defaultPortBase = 8080;

/** Offsets from `TYIYM_PORT_BASE`, as the contract gives them; PostgreSQL's is ours. */
const offsets = {
  citizen: 0,
  lender: 1,
  bureau: 2,
  log: 4,
  access: 5,
  lenderTls: 6,
  accessTls: 7,
  bureauTls: 8,
  outside: 10,
  gkb: 11,
  pkb: 12,
  witness: 13,
  citizenMetrics: 20,
  lenderMetrics: 21,
  bureauMetrics: 22,
  logMetrics: 24,
  accessMetrics: 25,
  clerkWorkerMetrics: 26,
  clerkSignerMetrics: 27,
  postgres: 30,
} as const;
export type PortName = keyof typeof offsets;
export type Ports = Readonly<Record<PortName, number>>;

/** Ports above 1023 that browsers and `fetch` refuse to call ("bad port"), because other protocols live there. */
const neverCalled: readonly number[] = [
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679],
  ...[6697, 10_080],
];

/** @throws Error when the base leaves no room for the ports above it, or one of them is never called by a browser. */
export function portsFrom(base: string | undefined): Ports {
  const first = base === undefined ? defaultPortBase : Number(base);
  if (!Number.isInteger(first) || first < 1024 || first > 65_000)
    throw new Error('TYIYM_PORT_BASE is a port between 1024 and 65000');
  const ports = Object.entries(offsets).map(([name, offset]) => [name, first + offset] as const);
  const bad = ports.find(([, port]) => neverCalled.includes(port))?.[1];
  if (bad !== undefined)
    throw new Error(
      `no browser calls port ${bad}: choose TYIYM_PORT_BASE above ${bad} or at least 31 below it`,
    );
  return Object.fromEntries(ports) as Ports;
}

/** Everything the sandbox makes lies under its home. */
export interface Home {
  readonly dir: string;
  at(...path: readonly string[]): string;
}

/** `TYIYM_HOME`, by default `.sandbox` in the current folder. */
export function homeFrom(setting: string | undefined): Home {
  const dir = setting !== undefined && isAbsolute(setting) ? setting : resolve(setting ?? '.sandbox');
  return { dir, at: (...path) => join(dir, ...path) };
}

/** Addresses as the programs outside see them. */
export function urlsOf(ports: Ports) {
  const http = (port: number, path = ''): string => `http://${host}:${port}${path}`;
  return {
    citizen: http(ports.citizen),
    lender: http(ports.lender),
    lenderTls: `https://${host}:${ports.lenderTls}`,
    bureau: http(ports.bureau),
    bureauTls: `https://${host}:${ports.bureauTls}`,
    log: http(ports.log),
    access: http(ports.access),
    accessTls: `https://${host}:${ports.accessTls}`,
    outside: http(ports.outside),
    idp: http(ports.outside, '/egov/idp'),
    phone: http(ports.outside, '/phone'),
    nca: http(ports.outside, '/nca'),
    gkb: http(ports.gkb),
    pkb: http(ports.pkb),
    witness: http(ports.witness),
  };
}

/** The registry's organisation on the phone. */
export const organisation = {
  nameRu: 'Тыйым, реестр добровольных отказов',
  nameKz: 'Тыйым, ерікті бас тартулар тізілімі',
  nameEn: 'Tyiym, the registry of voluntary refusals',
  bin: '200340000012',
};

export interface PartyPlan {
  readonly name: string;
  readonly kind: 'channel' | 'bank' | 'mfo' | 'bureau' | 'regulator' | 'court';
  readonly names: { readonly kk: string; readonly ru: string; readonly en: string };
  /** First ten digits of the BIN; the fifth is 4. */
  readonly binStem: string;
  readonly scopes: readonly string[];
  /** The app whose tokens it asks for. */
  readonly app: 'citizen' | 'lender' | 'bureau' | 'log';
}

const named = (en: string, ru: string, kk: string): PartyPlan['names'] => ({ en, ru, kk });

/** Regulator and court are admitted because officials act for them; they call no app. */
export const parties: readonly PartyPlan[] = [
  {
    name: 'egov-portal',
    kind: 'channel',
    names: named('eGov portal', 'Портал eGov', 'eGov порталы'),
    binStem: '2003400011',
    scopes: ['citizen'],
    app: 'citizen',
  },
  {
    name: 'egov-mobile',
    kind: 'channel',
    names: named('eGov Mobile', 'eGov Mobile', 'eGov Mobile'),
    binStem: '2003400012',
    scopes: ['citizen'],
    app: 'citizen',
  },
  {
    name: 'bank-alpha',
    kind: 'bank',
    names: named('Bank Alpha', 'Банк «Альфа-пример»', '«Альфа-мысал» банкі'),
    binStem: '2003400013',
    scopes: ['checks', 'loans'],
    app: 'lender',
  },
  {
    name: 'bank-beta',
    kind: 'bank',
    names: named('Bank Beta', 'Банк «Бета-пример»', '«Бета-мысал» банкі'),
    binStem: '2003400014',
    scopes: ['checks', 'loans'],
    app: 'lender',
  },
  {
    name: 'mfo-gamma',
    kind: 'mfo',
    names: named('MFO Gamma', 'МФО «Гамма-пример»', '«Гамма-мысал» МҚҰ'),
    binStem: '2003400015',
    scopes: ['checks', 'loans'],
    app: 'lender',
  },
  {
    name: 'gkb',
    kind: 'bureau',
    names: named('State credit bureau (sandbox)', 'ГКБ (песочница)', 'МКБ (сынақ ортасы)'),
    binStem: '2003400016',
    scopes: ['feed', 'stamps', 'loans'],
    app: 'bureau',
  },
  {
    name: 'pkb',
    kind: 'bureau',
    names: named('First credit bureau (sandbox)', 'ПКБ (песочница)', 'БКБ (сынақ ортасы)'),
    binStem: '2003400017',
    scopes: ['feed', 'stamps', 'loans'],
    app: 'bureau',
  },
  {
    name: 'regulator',
    kind: 'regulator',
    names: named('Regulator (sandbox)', 'АРРФР (песочница)', 'ҚНРДА (сынақ ортасы)'),
    binStem: '2003400018',
    scopes: [],
    app: 'lender',
  },
  {
    name: 'court',
    kind: 'court',
    names: named('Court (sandbox)', 'Суд (песочница)', 'Сот (сынақ ортасы)'),
    binStem: '2003400019',
    scopes: [],
    app: 'lender',
  },
  {
    name: watchdogId,
    kind: 'bank',
    names: named('Watchdog of the registry', 'Контроль реестра', 'Тізілімді бақылау'),
    binStem: '2003400020',
    scopes: ['checks'],
    app: 'lender',
  },
];

export type Scene =
  'nothing' | 'in-force' | 'lift-pending' | 'locked' | 'clear-then-refused' | 'loan-reported';

export interface PersonPlan {
  readonly name: string;
  readonly surname: string;
  readonly given: string;
  readonly scene: Scene;
  /**
   * What their number says of a birth. `month-13` (the default) is no date, and fails a validator that looks for one;
   * `1800s` is a date that each calendar has and nobody alive can have.
   */
  readonly born?: Born;
}
export type Born = 'month-13' | '1800s';

export const citizens: readonly PersonPlan[] = [
  { name: 'aigerim', surname: 'ҮЛГІБАЕВА', given: 'АЙГЕРІМ', scene: 'nothing' },
  { name: 'marat', surname: 'ҮЛГІБАЕВ', given: 'МАРАТ', scene: 'loan-reported' },
  { name: 'bolat', surname: 'ҮЛГІБАЕВ', given: 'БОЛАТ', scene: 'in-force' },
  { name: 'dana', surname: 'ҮЛГІБАЕВА', given: 'ДАНА', scene: 'lift-pending' },
  { name: 'erlan', surname: 'ҮЛГІБАЕВ', given: 'ЕРЛАН', scene: 'locked' },
  { name: 'gulnar', surname: 'ҮЛГІБАЕВА', given: 'ГҮЛНАР', scene: 'clear-then-refused' },
  { name: 'zhanar', surname: 'ҮЛГІБАЕВА', given: 'ЖАНАР', scene: 'nothing', born: '1800s' },
  { name: 'kairat', surname: 'ҮЛГІБАЕВ', given: 'ҚАЙРАТ', scene: 'in-force', born: '1800s' },
];

export interface OfficialPlan {
  readonly name: string;
  readonly surname: string;
  readonly given: string;
  readonly role: 'operator' | 'judge';
  readonly party?: string;
}

export const officials: readonly OfficialPlan[] = [
  { name: 'official-1', surname: 'БІРІНШІ', given: 'ҚЫЗМЕТКЕР', role: 'operator' },
  { name: 'official-2', surname: 'ЕКІНШІ', given: 'ҚЫЗМЕТКЕР', role: 'operator' },
  { name: 'judge', surname: 'ҮШІНШІ', given: 'СУДЬЯ', role: 'judge', party: 'court' },
];
