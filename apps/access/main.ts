/** The authorization server of the parties: `node main.js --config access.json`. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { AccessModule } from './access.module.js';

const config = configFromArguments(['access']);
await startApp(AccessModule.register(config), config);
