/** An attribute of a resource (RFC 7643 §7); what is not said has the usual meaning there. */
export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex';
  readonly about: string;
  readonly many?: true;
  readonly required?: true;
  readonly exact?: true;
  readonly readOnly?: true;
  readonly immutable?: true;
  readonly always?: true;
  readonly unique?: true;
  readonly values?: readonly string[];
  readonly refers?: readonly string[];
  readonly of?: readonly Attribute[];
}

/** Attributes under one name. */
export interface Schema {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly attributes: readonly Attribute[];
}

/** A kind of resource: where it lives, and what it has. */
export interface Kind {
  readonly name: 'User' | 'Group';
  readonly endpoint: '/Users' | '/Groups';
  readonly about: string;
  readonly schema: Schema;
  readonly extensions: readonly Schema[];
}

const text = (name: string, about: string, more: Partial<Attribute> = {}): Attribute => ({
  ...{ name, type: 'string', about },
  ...more,
});
const flag = (name: string, about: string): Attribute => ({ name, type: 'boolean', about });
const link = (name: string, about: string, refers: readonly string[], more: Partial<Attribute> = {}): Attribute => ({
  ...{ name, type: 'reference', about, refers, exact: true },
  ...more,
});

/** A list of values, each with what it is for; one of them may be the primary one (RFC 7643 §2.4). */
const values = (name: string, about: string, types: readonly string[], value: Attribute): Attribute => ({
  ...{ name, type: 'complex', about, many: true },
  of: [
    value,
    text('display', 'For people to read'),
    text('type', 'What it is for', { values: types }),
    flag('primary', 'Whether it is the preferred one'),
  ],
});

const externalId = text('externalId', 'The id under which the client knows it', { exact: true });

/** What every resource has (RFC 7643 §3.1); no schema lists it. */
export const common: readonly Attribute[] = [
  text('schemas', 'What the resource consists of', { many: true, always: true, exact: true, readOnly: true }),
  text('id', 'Unique, and never used again', { always: true, exact: true, readOnly: true, unique: true }),
  externalId,
  {
    ...{ name: 'meta', type: 'complex', about: 'Of the resource itself', readOnly: true },
    of: [
      text('resourceType', 'User or Group', { exact: true, readOnly: true }),
      { name: 'created', type: 'dateTime', about: 'When it was made', readOnly: true },
      { name: 'lastModified', type: 'dateTime', about: 'When it was changed last', readOnly: true },
      link('location', 'Its address', ['uri'], { readOnly: true }),
      text('version', 'Its ETag', { exact: true, readOnly: true }),
    ],
  },
];

const name: Attribute = {
  ...{ name: 'name', type: 'complex', about: 'The parts of the name' },
  of: [
    text('formatted', 'The whole name'),
    text('familyName', 'The family name'),
    text('givenName', 'The given name'),
    text('middleName', 'Middle names'),
    text('honorificPrefix', 'Such as Dr.'),
    text('honorificSuffix', 'Such as III'),
  ],
};

const addresses: Attribute = {
  ...{ name: 'addresses', type: 'complex', about: 'Postal addresses', many: true },
  of: [
    text('formatted', 'The whole address'),
    text('streetAddress', 'Street and number'),
    text('locality', 'City'),
    text('region', 'State or region'),
    text('postalCode', 'Postal code'),
    text('country', 'ISO 3166-1 alpha-2, such as DE'),
    text('type', 'What it is for', { values: ['work', 'home', 'other'] }),
    flag('primary', 'Whether it is the preferred one'),
  ],
};

const places = ['work', 'home', 'other'];
const userSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  about:
    'A person. Passwords, roles and entitlements are not taken: roles are given to groups by an administrator here',
  attributes: [
    text('userName', 'Unique within the organization', { required: true, unique: true }),
    name,
    text('displayName', 'The name to show'),
    text('nickName', 'What friends say'),
    link('profileUrl', 'A page about the person', ['external']),
    text('title', 'Such as Vice President'),
    text('userType', 'Such as Contractor'),
    text('preferredLanguage', 'As in Accept-Language'),
    text('locale', 'Such as en-US'),
    text('timezone', 'Such as Europe/Paris'),
    flag('active', 'Whether the person may sign in; false ends sessions and tokens at once'),
    values('emails', 'E-mail addresses', places, text('value', 'The address')),
    values('phoneNumbers', 'Telephone numbers', [...places, 'mobile', 'fax', 'pager'], text('value', 'The number')),
    values('ims', 'Addresses of messengers', [], text('value', 'The address')),
    values('photos', 'Pictures', ['photo', 'thumbnail'], link('value', 'Where it is', ['external'])),
    addresses,
    {
      ...{ name: 'groups', type: 'complex', about: 'The groups that the organization pushed, changed there' },
      ...{ many: true, readOnly: true },
      of: [
        text('value', 'The id of a group', { exact: true, readOnly: true }),
        link('$ref', 'Its address', ['Group'], { readOnly: true }),
        text('display', 'What it is called', { readOnly: true }),
        text('type', 'How the person is in it', { values: ['direct'], readOnly: true }),
      ],
    },
  ],
};

const enterpriseSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  about: 'What an employer knows of a person (RFC 7643 §4.3)',
  attributes: [
    text('employeeNumber', 'The number of the employee'),
    text('costCenter', 'The cost center'),
    text('organization', 'The organization, as the employer calls it'),
    text('division', 'The division'),
    text('department', 'The department'),
    {
      ...{ name: 'manager', type: 'complex', about: 'Whom the person reports to' },
      of: [
        text('value', 'The id of that user', { exact: true }),
        link('$ref', 'Its address', ['User']),
        text('displayName', 'What it is called'),
      ],
    },
  ],
};

const groupSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  about: 'People together; an administrator here may give roles to it',
  attributes: [
    text('displayName', 'Unique within the organization', { required: true, unique: true }),
    {
      ...{ name: 'members', type: 'complex', about: 'Who is in it', many: true },
      of: [
        text('value', 'The id of a user', { exact: true, immutable: true }),
        link('$ref', 'Its address', ['User'], { immutable: true }),
        text('type', 'What it is', { values: ['User'], immutable: true }),
      ],
    },
  ],
};

/** People. */
export const userKind: Kind = {
  ...{ name: 'User', endpoint: '/Users', about: 'A person' },
  ...{ schema: userSchema, extensions: [enterpriseSchema] },
};
/** Groups of people. */
export const groupKind: Kind = {
  ...{ name: 'Group', endpoint: '/Groups', about: 'People together' },
  ...{ schema: groupSchema, extensions: [] },
};

/** All there are. */
export const kinds: readonly Kind[] = [userKind, groupKind];

/** Where an attribute is in a resource. */
export interface Place {
  /** The extension that it is in; in the resource itself without one. */
  readonly extension?: string;
  readonly attribute: Attribute;
  readonly sub?: Attribute;
}

const isCalled =
  (wanted: string) =>
  ({ name: own }: { name: string }): boolean =>
    own.toLowerCase() === wanted.toLowerCase();

/** The attribute of this name among them; names have no case (RFC 7643 §2.1). */
export const called = (attributes: readonly Attribute[] | undefined, wanted: string): Attribute | undefined =>
  attributes?.find(isCalled(wanted));

/** The extension of this name. */
export const extensionCalled = ({ extensions }: Kind, wanted: string): Schema | undefined =>
  extensions.find(({ id }) => id.toLowerCase() === wanted.toLowerCase());

/** Where `userName`, `name.givenName` or the same after the name of a schema and a colon is; undefined for what is no attribute. */
export function placeOf(kind: Kind, path: string): Place | undefined {
  const { schema, extensions } = kind;
  const prefixed = [schema, ...extensions].find(({ id }) => path.toLowerCase().startsWith(`${id.toLowerCase()}:`));
  const [first = '', second, ...more] = (prefixed ? path.slice(prefixed.id.length + 1) : path).split('.');
  const outer = !prefixed || prefixed === schema;
  const attribute = called(outer ? [...common, ...schema.attributes] : prefixed?.attributes, first);
  if (!attribute || more.length > 0) return undefined;
  const inside = outer ? {} : { extension: prefixed?.id ?? '' };
  if (second === undefined) return { ...inside, attribute };
  const sub = called(attribute.of, second);
  return sub && { ...inside, attribute, sub };
}
