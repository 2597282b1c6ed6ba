// The reference: a bare Fastify that parses the same JSON behind the same mutual TLS and answers at once. Nothing that
// does more can be faster on this machine, so results are given as parts of it.
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';

const [, , port, certFile, keyFile] = process.argv;
const app = Fastify({
  https: {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    requestCert: true,
    rejectUnauthorized: false,
  },
});
app.post('/v1/checks', async (request, reply) => reply.code(201).send({ loanRef: request.body.loanRef }));
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.send?.('listening');
