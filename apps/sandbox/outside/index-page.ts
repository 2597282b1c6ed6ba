/** What is here, for a developer who opens the address. */
import type { FastifyInstance } from 'fastify';
import { html, sendPage } from './page.js';

/** `GET /`. */
export function indexRoute(
  app: FastifyInstance,
  { base, citizenBase }: { base: string; citizenBase: string },
): void {
  app.get('/', (_request, reply) =>
    sendPage(
      reply,
      'What is here',
      html`<p>
          Everything the registry at <code>${citizenBase}</code> meets beyond its own walls. Nobody here is
          real.
        </p>
        <h2>A citizen’s phone</h2>
        <p>
          <a href="/phone">/phone</a> opens the code of an application, shows it and signs it. For programs:
          <code>POST /phone/open {citizen, qr}</code>, then <code>POST /phone/sign {session}</code>.
        </p>
        <h2>The certification authority</h2>
        <ul>
          <li><a href="/nca/root.pem">/nca/root.pem</a> and <a href="/nca/ca.pem">/nca/ca.pem</a></li>
          <li><a href="/nca/crl/ca.crl">/nca/crl/ca.crl</a>, the list of what is revoked</li>
        </ul>
        <p>Revoke somebody’s certificates:</p>
        <p><code>curl ${base}/sandbox/revocations --json '{"name":"…"}'</code></p>
        <h2>eGov’s identity provider</h2>
        <p>
          <code>/egov/idp/oauth/authorize</code>, <code>/egov/idp/oauth/token</code>,
          <code>/egov/idp/resource/user/basic</code>, <code>/egov/idp/resource/user/phone</code>
        </p>
        <h2>The clock</h2>
        <p><a href="/sandbox/clock">/sandbox/clock</a> tells registry time. It goes forward only:</p>
        <p><code>curl ${base}/sandbox/clock --json '{"advanceHours":24}'</code></p>
        <h2>Failures</h2>
        <p>
          <a href="/sandbox/faults">/sandbox/faults</a> tells what is broken. Break something, then mend it
          with <code>none</code>:
        </p>
        <p><code>curl ${base}/sandbox/faults --json '{"target":"crl","mode":"down"}'</code></p>`,
    ),
  );
}
