import { describe, expect, it } from '@jest/globals';
import { Problem } from '#libs/problem/problem.js';
import { addressList } from '../address-list.js';
import { callerAddress } from './caller-address.js';
import { answerWith, limitField, policyField, secondsOf } from './standing.js';

describe('the fields of a limit', () => {
  it('name each policy with its quota and window, as the draft writes them', () => {
    const policies = [
      { name: 'checks', quota: 5000, windowS: 1 },
      { name: 'checks-beyond', quota: 50_000, windowS: 60 },
    ];
    expect(policyField(policies)).toBe('"checks";q=5000;w=1, "checks-beyond";q=50000;w=60');
    expect(limitField('checks', 17, 400)).toBe('"checks";r=17;t=1');
  });

  it('count whole seconds, and never none', () => {
    expect([0, 1, 1000, 1001, 60_000].map(secondsOf)).toEqual([1, 1, 1, 2, 60]);
  });

  it('are told also to whom is refused, who waits no shorter than they say', () => {
    const told = new Map<string, string>();
    const reply = { header: (name: string, value: string) => told.set(name, value) };
    let thrown: unknown;
    try {
      answerWith(reply, { policy: '"acts";q=1;w=60', limit: '"acts";r=0;t=42', retryAfterS: 42 });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Problem);
    expect(thrown).toMatchObject({ code: 'too-many-requests', retryAfterS: 42 });
    expect([...told]).toEqual([
      ['RateLimit-Policy', '"acts";q=1;w=60'],
      ['RateLimit', '"acts";r=0;t=42'],
    ]);
  });
});

describe('the address of a caller', () => {
  const plain = { plain: {} };
  const proxied = { plain: { proxies: addressList(['10.0.0.1', '2001:db8:ff::/48']) } };
  const at = (remoteAddress: string | undefined, forwardedFor?: string | string[]) => ({
    socket: { destroyed: false, remoteAddress },
    forwardedFor,
  });

  it.each([
    ['IPv4', '203.0.113.9', '203.0.113.9'],
    ['IPv4 in IPv6', '::ffff:203.0.113.9', '203.0.113.9'],
    ['IPv6, of which a caller has 64 bits to himself', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['a socket that is gone', undefined, 'unknown'],
  ])('is known of %s', (_, remote, address) => {
    expect(callerAddress(at(remote), plain)).toBe(address);
  });

  it('is not what the caller says it is', () => {
    expect(callerAddress(at('203.0.113.9', '198.51.100.1'), plain)).toBe('203.0.113.9');
  });

  it('is not what somebody says who reaches the port of the proxies from elsewhere', () => {
    expect(callerAddress(at('10.0.0.2', '198.51.100.1'), proxied)).toBe('10.0.0.2');
    expect(callerAddress(at(undefined, '198.51.100.1'), proxied)).toBe('unknown');
  });

  it('is, behind a proxy, what the proxy added last', () => {
    expect(callerAddress(at('10.0.0.1', '198.51.100.1, 203.0.113.9'), proxied)).toBe('203.0.113.9');
    expect(callerAddress(at('10.0.0.1', ['198.51.100.1', '2001:db8::1']), proxied)).toBe('2001:db8::/64');
    expect(callerAddress(at('10.0.0.1', 'rubbish'), proxied)).toBe('10.0.0.1');
    expect(callerAddress(at('10.0.0.1'), proxied)).toBe('10.0.0.1');
    expect(callerAddress(at('::ffff:10.0.0.1', '203.0.113.9'), proxied)).toBe('203.0.113.9');
    expect(callerAddress(at('2001:db8:ff:1::2', '203.0.113.9'), proxied)).toBe('203.0.113.9');
  });
});
