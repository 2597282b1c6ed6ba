// Jest runs the TypeScript sources as ES modules; `npm run jest -- <pattern>` runs part of it.
const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  module: { type: 'es6' },
  swcrc: false,
};

/** @type {import('jest').Config} */
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^#libs/(.*)\\.js$': '<rootDir>/libs/$1',
  },
  transform: { '\\.ts$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.build/', '<rootDir>/.sandbox/'],
};

/** @type {import('jest').Config} */
export default {
  // One more than the processors of a small machine: a third of the time, specs wait for intervals to pass.
  maxWorkers: 3,
  workerIdleMemoryLimit: '1GB',
  testSequencer: '<rootDir>/test/support/slow-first.mjs',
  testTimeout: 30_000,
  projects: [
    // Pure rules: no database, no network.
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/test/*.spec.ts'],
    },
    // Real PostgreSQL: one cluster a run, a database cloned from a template for each spec file.
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/{integration,property,linearizability,long}/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
    // Built apps as processes, HTTP only.
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
  ],
};
