/** The bureaus' process: port, database role and keys of its own. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { BureauModule } from './bureau.module.js';

const config = configFromArguments(['bureau']);
await startApp(BureauModule.register(config), config);
