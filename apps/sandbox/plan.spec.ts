import { describe, expect, it } from '@jest/globals';
import { portsFrom } from './plan.js';

describe('the ports of a sandbox', () => {
  it('lie above their base', () => {
    expect(portsFrom(undefined)).toMatchObject({ citizen: 8080, lender: 8081, postgres: 8110 });
    expect(portsFrom('10081')).toMatchObject({ citizen: 10_081, postgres: 10_111 });
  });

  it.each(['', '80', '65001', '8080.5', 'here'])('are not those of %j', (base) => {
    expect(() => portsFrom(base)).toThrow('TYIYM_PORT_BASE is a port between 1024 and 65000');
  });

  it.each(['10080', '10050', '6665'])('are not those of %s, which no browser would call', async (base) => {
    expect(() => portsFrom(base)).toThrow(/^no browser calls port \d+: choose TYIYM_PORT_BASE/);
    const [, port] = /port (\d+)/.exec(messageOf(base)) ?? [];
    await expect(fetch(`http://127.0.0.1:${port ?? ''}`)).rejects.toMatchObject({
      cause: { message: 'bad port' },
    });
  });
});

function messageOf(base: string): string {
  try {
    portsFrom(base);
    return '';
  } catch (error) {
    return String(error);
  }
}
