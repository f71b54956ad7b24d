/** What the resources of the admin API are, for its document. */
export const resources: Readonly<Record<string, string>> = {
  clients: 'Applications that get tokens, and gateways that ask about them',
  registrars: 'Credentials by which clients are registered (RFC 7591), and their rules',
  tiers: 'What clients may ask of APIs, as gateways are told it',
  connections: 'Ways in through identity providers',
  users: 'People, and how they come in',
  sessions: 'Where people are signed in',
  'mfa-policies': 'From whom a second factor is asked',
  keys: 'Keys by which tokens are signed',
  webhooks: 'Addresses to which what happens is sent',
  apis: 'What tokens are for',
  roles: 'Names for permissions',
  groups: 'Names that people, clients and other groups are in',
  organizations: 'Customers, partners or departments whose people have roles of their own within them',
  assignments: 'Who has which roles',
  access: 'Why somebody may do something',
  'audit-events': 'What happened, who did it and from where',
};
