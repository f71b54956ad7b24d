import { basicOf, type GatewayFile, placeholder } from './guide.ts';

/** A text in the files of a configuration that is no secret yet, and what has to be put in its place. */
export interface StandIn {
  readonly text: string;
  /** The secret; base64 of `client:secret`; or the program reads it from its environment under this name. */
  readonly by: 'secret' | 'basic' | 'environment';
}

const variable = 'SALLYPORT_CLIENT_SECRET';

/** What stands in these files for the secret of this client. */
export function standIns(files: readonly GatewayFile[], id: string, secret = placeholder): StandIn[] {
  const all: StandIn[] = [
    { text: secret, by: 'secret' },
    { text: basicOf(id, secret), by: 'basic' },
    { text: variable, by: 'environment' },
  ];
  return all.filter(({ text: wanted }) => files.some(({ text }) => text.includes(wanted)));
}

/** The files with the secret in its place, as they would have been written with it. */
export const withSecret = <F extends GatewayFile>(
  files: readonly F[],
  { id, standIn, secret }: { id: string; standIn: string; secret: string },
): F[] =>
  files.map((file) => ({
    ...file,
    // Given as functions, since `$` has a meaning in a replacement and may stand in a secret.
    text: file.text.replaceAll(basicOf(id, standIn), () => basicOf(id, secret)).replaceAll(standIn, () => secret),
  }));
