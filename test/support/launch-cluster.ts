/** A program: starts the cluster that its one argument describes as JSON, says its process id and waits to be killed. */
import { startCluster, type ClusterOptions } from '../../apps/sandbox/postgres/cluster.js';

const cluster = await startCluster(JSON.parse(process.argv[2] ?? '') as ClusterOptions);
process.once('SIGTERM', () => void cluster.stop());
// Said last: whoever reads it may send the signal before this program runs its next line.
process.stdout.write(`${String(cluster.pid)}\n`);
