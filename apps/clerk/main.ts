/** The clerk: two processes of one program, told apart by `app` in the configuration, because neither may do the other's part. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { ClerkSignerModule } from './signer.module.js';
import { ClerkWorkerModule } from './worker.module.js';

const config = configFromArguments(['clerk-worker', 'clerk-signer']);
const root = config.app === 'clerk-worker' ? ClerkWorkerModule : ClerkSignerModule;
await startApp(root.register(config), config);
