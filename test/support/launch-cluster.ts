/** A program: starts the cluster that its one argument describes as JSON, says its process id and waits to be killed. */
import { startCluster, type ClusterOptions } from '../../apps/sandbox/postgres/cluster.js';

const cluster = await startCluster(JSON.parse(process.argv[2] ?? '') as ClusterOptions);
process.stdout.write(`${String(cluster.pid)}\n`);
process.once('SIGTERM', () => void cluster.stop());
