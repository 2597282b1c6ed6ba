/** The lender's process: port, database role and keys of its own. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { LenderModule } from './lender.module.js';

const config = configFromArguments(['lender']);
await startApp(LenderModule.register(config), config);
