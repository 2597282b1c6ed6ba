/** The public log: `node main.js --config log.json`. */
import '#libs/platform/first-lines.js';
import { configFromArguments } from '#libs/platform/config.js';
import { startApp } from '#libs/platform/http.js';
import { LogModule } from './log.module.js';

const config = configFromArguments(['log']);
await startApp(LogModule.register(config), config);
