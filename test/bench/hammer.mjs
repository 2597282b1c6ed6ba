// A closed loop of keep-alive connections, each with one request at a time: what a lender's gateway looks like from here.
// It counts only complete answers with the expected status, and hands a sample of them to `look`.
import { Client } from 'undici';

/**
 * @param {{ url: string, tls: object, connections: number, ms: number, request: (n: number) => { path: string,
 *   headers: Record<string, string>, body: string }, status: number, look?: (answer: object) => Promise<void> }} options
 * @returns {Promise<{ perSecond: number, p50: number, p99: number, failed: number }>} latencies in milliseconds
 */
export async function hammer({ url, tls, connections, ms, request, status, look }) {
  const latencies = [];
  let sent = 0;
  let failed = 0;
  const startedAt = performance.now();
  const end = startedAt + ms;
  const connection = async () => {
    const client = new Client(url, { connect: tls, pipelining: 1 });
    while (performance.now() < end) {
      const number = sent++;
      const at = performance.now();
      try {
        const response = await client.request({ method: 'POST', ...request(number) });
        const answer = await response.body.json();
        latencies.push(performance.now() - at);
        if (response.statusCode !== status) failed += 1;
        else if (look !== undefined && number % 500 === 0) await look(answer);
      } catch {
        failed += 1;
      }
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const quantile = (part) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0;
  return { perSecond: latencies.length / seconds, p50: quantile(0.5), p99: quantile(0.99), failed };
}
