import { z } from 'zod';

/** Whether an administrator can act as somebody else at all. */
export const impersonation = z.boolean().default(false).meta({
  env: 'SALLYPORT_IMPERSONATION',
  description:
    'Lets whoever has the permission users:impersonate get a short token in the name of somebody who is no administrator; the person is told',
});
