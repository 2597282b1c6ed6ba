/** What the person at the terminal reads once everything is ready. */
import { citizens, parties, urlsOf, type Home, type Ports } from './plan.js';

export function banner(home: Home, ports: Ports, database: string): string {
  const urls = urlsOf(ports);
  const sceneOf = citizens.map(({ name, scene }) => `  ${name.padEnd(10)} ${scene}`);
  return [
    '',
    'tyiym is ready',
    '',
    ...Object.entries(urls).map(([name, url]) => `  ${name.padEnd(10)} ${url}`),
    `  ${'database'.padEnd(10)} ${database}`,
    `  ${'files'.padEnd(10)} ${home.at('sandbox.json')}`,
    '',
    'People to play, and what is so about each:',
    ...sceneOf,
    `Parties: ${parties.map(({ name }) => name).join(', ')}`,
    '',
    'A first check:',
    '  npm run -s tool -- check bank-alpha aigerim',
    '',
    'Ctrl-C ends everything.',
  ].join('\n');
}
