/** The citizen's process: port, database role and keys of its own. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { CitizenModule } from './citizen.module.js';

const config = configFromArguments(['citizen']);
await startApp(CitizenModule.register(config), config);
