import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Facts, nextStep, type Step } from '../../src/signin/steps.ts';

const rows: [string, Facts, Step][] = [
  ['nothing is known', { amr: [] }, { name: 'identify' }],
  [
    'somebody said who they are',
    { identifier: 'ana@example.test', amr: [] },
    { name: 'password', identifier: 'ana@example.test' },
  ],
  [
    'a person is proven',
    { identifier: 'ana@example.test', user: 'usr_1', amr: ['pwd'], authTime: 1 },
    { name: 'done', user: 'usr_1' },
  ],
  [
    'a person is proven who never said a name',
    { user: 'usr_1', amr: ['pwd'], authTime: 1 },
    { name: 'done', user: 'usr_1' },
  ],
  ['methods without a person', { amr: ['pwd'] }, { name: 'identify' }],
];

describe('nextStep', () => {
  for (const [name, facts, step] of rows) {
    it(`is ${step.name} when ${name}`, () => assert.deepEqual(nextStep(facts), step));
  }
});
