import { createApp } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { makeDemo } from '../demo.ts';
import { openHouse } from '../house.ts';
import { createLog } from '../kernel/log.ts';
import { leaveOnSignal, serve } from '../server.ts';
import { command } from './command.ts';
import { greeting } from './greeting.ts';
import { masterKey } from './office.ts';

const start = command({
  words: ['start'],
  about: 'Start the server',
  async run({ print }) {
    const config = loadConfig();
    const log = createLog(config.log);
    const house = await openHouse(config, masterKey(config));
    try {
      await house.access.ensureBuiltIn();
      // Keys and password hashes are made at the same time: a first start should not take long.
      const [app, { demo, fresh }] = await Promise.all([createApp(config, house, log), makeDemo(config, house)]);
      const serving = await serve(app, config, log);
      leaveOnSignal(serving, log);
      log.info({ issuer: config.issuer, port: serving.port, opsPort: serving.opsPort }, 'listening');
      if (config.demo) print(greeting(demo, { fresh }));
    } catch (error) {
      await house.store.close();
      throw error;
    }
  },
});

/** `sallyport start` */
export const startCommands = [start];
