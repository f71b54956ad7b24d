import { loadConfig } from '../config/load.ts';
import { makeDemo } from '../demo.ts';
import { openHouse } from '../house.ts';
import { createLog } from '../kernel/log.ts';
import { command } from './command.ts';
import { greeting } from './greeting.ts';
import { masterKey } from './office.ts';

const start = command({
  words: ['start'],
  about: 'Start the server',
  async run({ print }) {
    const config = loadConfig();
    const log = createLog(config.log);
    const house = await openHouse(config, masterKey(config), (what, err) => log.warn({ err }, what));
    try {
      await house.access.ensureBuiltIn(config.console.level);
      // A first start should not take long: keys and password hashes are made on other threads while modules are loaded here.
      const [{ createApp }, { leaveOnSignal, serve }, { demo, fresh }] = await Promise.all([
        import('../app.ts'),
        import('../server.ts'),
        makeDemo(config, house),
        house.keys.tend(),
      ]);
      const serving = await serve(await createApp(config, house, log), config, log);
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
