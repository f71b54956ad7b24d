import { serverContent } from '../../views/admin/server-settings.ts';
import { settingsReply } from './admin-settings.ts';
import type { ConsolePage } from './console-page.ts';
import { partPage } from './console-settings-parts.ts';

/** The settings that this server runs with; they change with its configuration only. */
export const serverPages: readonly ConsolePage[] = [
  partPage('server', async (visit) => {
    const { items } = await visit.read('getSettings', settingsReply);
    const groups = Map.groupBy(items, ({ name }) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : ''));
    return serverContent(visit.frame, [...groups]);
  }),
];
