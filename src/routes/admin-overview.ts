import { z } from 'zod';
import type { Activity } from '../audit/activity.ts';
import { type Operation, operation } from '../http/resource.ts';

const week = 7 * 24;

/** How much was going on. */
export const overviewReply = z
  .object({
    hours: z.array(
      z.object({
        from: z.int().meta({ description: 'When the hour began: seconds since the epoch' }),
        sign_ins: z.int(),
        failures: z.int().meta({ description: 'Sign-ins that failed' }),
        tokens: z.int().meta({ description: 'Access tokens that were issued' }),
      }),
    ),
  })
  .meta({
    id: 'Overview',
    description: 'The hours of the last seven days, the oldest first; counts may be some seconds late',
  });

/** The admin API's look at how much is going on. */
export const adminOverview = ({ activity }: { activity: Activity }): Operation[] => [
  operation({
    name: 'getOverview',
    method: 'get',
    path: '/overview',
    about: 'Count sign-ins and tokens of the last seven days, hour by hour',
    permission: 'audit-events:read',
    reply: overviewReply,
    async run() {
      const hours = await activity.lately(week);
      return {
        hours: hours.map(({ from, signIns, failures, tokens }) => ({ from, sign_ins: signIns, failures, tokens })),
      };
    },
  }),
];
