import type { Checking } from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { attribute, children, ns } from './saml-xml.ts';

/** Entra says so when a person has more groups than fit; its link leads to an interface that is switched off. */
const overage = 'http://schemas.microsoft.com/claims/groups.link';

/** Attributes of a person; always lists. */
export type Claims = Record<string, readonly string[]>;
const unsafe = new Set(['__proto__', 'constructor', 'prototype']);

/** Attributes by Name, and by FriendlyName where no Name is the same; every value is a text, as it was written. */
export function claimsOf(assertion: Element): Claims {
  const byName = new Map<string, string[]>();
  const byFriendlyName = new Map<string, string[]>();
  const attributes = children(assertion, ns.assertion, 'AttributeStatement').flatMap((each) =>
    children(each, ns.assertion, 'Attribute'),
  );
  for (const each of attributes) {
    const values = children(each, ns.assertion, 'AttributeValue')
      .map(({ textContent }) => textContent ?? '')
      .filter((value) => value.trim() !== '');
    for (const [into, name] of [
      [byName, attribute(each, 'Name')],
      [byFriendlyName, attribute(each, 'FriendlyName')],
    ] as const) {
      if (name && !unsafe.has(name)) into.set(name, [...(into.get(name) ?? []), ...values]);
    }
  }
  return Object.fromEntries([...byFriendlyName, ...byName]);
}

/** Every group of the attributes that have groups; undefined when none of them came. */
export function groupsOf(claims: Claims, { settings, trace }: Checking): readonly string[] | undefined {
  if (settings.groups.length === 0) return undefined;
  demand(trace, {
    ok: !Object.hasOwn(claims, overage),
    check: 'all groups are there',
    reason: 'groups_overage',
    ...(Object.hasOwn(claims, overage) && { came: overage }),
    advice:
      'Choose “groups assigned to the application” or app roles in Entra: there are more than 150 groups in this sign-in',
  });
  const present = settings.groups.filter((name) => Object.hasOwn(claims, name));
  return present.length === 0 ? undefined : [...new Set(present.flatMap((name) => claims[name] ?? []))];
}
