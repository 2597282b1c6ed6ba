/** Network addresses that the configuration names one by one or by their network, `10.0.0.7` or `10.1.0.0/16`. */
import { BlockList, isIP } from 'node:net';

/** Whether an entry of a configuration is an address or a network. */
export function isAddressEntry(entry: unknown): boolean {
  const [address = '', bits, ...more] = typeof entry === 'string' ? entry.split('/') : [];
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (most < 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

/** @param entries each of them an address or a network */
export function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** Whether the address is in the list; IPv4 in IPv6 is IPv4. */
export function isInList(list: BlockList, address: string | undefined): boolean {
  const version = isIP(address ?? '');
  return version !== 0 && list.check(address ?? '', version === 6 ? 'ipv6' : 'ipv4');
}
