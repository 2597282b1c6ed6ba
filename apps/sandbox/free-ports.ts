/** Whether the ports of the sandbox are free, before anything is started. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { host, type PortName, type Ports } from './plan.js';

/** @throws Error that names each occupied port and what to do. */
export async function assertFree(ports: Ports, names: readonly PortName[]): Promise<void> {
  const taken: string[] = [];
  for (const name of names) if (!(await isFree(ports[name]))) taken.push(`${ports[name]} (${name})`);
  if (taken.length === 0) return;
  throw new Error(
    `Something else listens on ${host}, port ${taken.join(', ')}. If it is a sandbox of this folder, it runs already. Otherwise end it, or start a second sandbox: TYIYM_HOME=.sandbox-2 TYIYM_PORT_BASE=9080 npm start`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
