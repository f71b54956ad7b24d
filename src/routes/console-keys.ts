import { keysContent } from '../../views/admin/signing-keys.ts';
import { keysReply } from './admin-keys.ts';
import { askingPage } from './console-forms.ts';
import type { ConsolePage } from './console-page.ts';
import { partPage, settings } from './console-settings-parts.ts';

const path = `${settings}/keys`;

const listPage = partPage(
  'keys',
  async (visit) => {
    const { items } = await visit.read('listKeys', keysReply);
    return keysContent(visit.frame, items, visit.user.profile.zoneinfo);
  },
  {
    deeds(visit) {
      const { say } = visit.frame;
      if (!visit.may('rotateKeys')) return [];
      return [
        { href: `${path}/rotate`, text: say('console.keys.rotate.deed') },
        { href: `${path}/replace`, text: say('console.keys.replace.deed'), kind: 'danger' },
      ];
    },
  },
);

/** The deeds: in due form, and at once when a key has leaked. */
const rotatePage = (how: 'rotate' | 'replace') =>
  askingPage({
    path: `${path}/${how}`,
    ...{ room: settings, calls: 'rotateKeys', fresh: true, text: `keys.${how}` },
    ...(how === 'replace' && { danger: true }),
    of: async () => ({ name: '', back: path }),
    async run(visit) {
      await visit.do('rotateKeys', { body: { at_once: how === 'replace' } });
      return undefined;
    },
  });

/** The keys by which tokens are signed. */
export const keyPages: readonly ConsolePage[] = [listPage, rotatePage('rotate'), rotatePage('replace')];
