// Lets `node --import ./test/support/typescript.mjs file.ts` run our sources as jest does, for programs that must live
// longer than a spec: jest loads its globalSetup as CommonJS and maps none of its imports.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transform } from '@swc/core';

if (isMainThread) register(import.meta.url);

const libs = new URL('../../libs/', import.meta.url).href;

/** Sends `./x.js` and `#libs/x.js` of a source to `x.ts`. */
export async function resolve(specifier, context, next) {
  const path = specifier.replace(/^#libs\//, libs);
  const isOurs = /^(\.|file:)/.test(path) && context.parentURL?.endsWith('.ts');
  return next(isOurs ? path.replace(/\.js$/, '.ts') : specifier, context);
}

/** Strips the types and compiles the decorators. */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
      keepClassNames: true,
    },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
