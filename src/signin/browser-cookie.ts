/** What is needed of a request or its context (Koa's, ours or the library's). */
interface Carrier {
  secure: boolean;
  cookies: {
    get(name: string, options: { signed: false }): string | undefined;
    set(name: string, value: string, options: object): unknown;
  };
}

/** Browsers keep no cookie longer (milliseconds). */
const life = 400 * 24 * 60 * 60 * 1000;
const form = /^[\w-]{40,100}$/;

const nameOf = ({ secure }: Carrier): string => `${secure ? '__Host-' : ''}browser`;

/**
 * The random name of a browser, by which people recognise theirs and have it remembered; proves nothing by itself. The
 * store knows it under a fingerprint together with a person.
 */
export function browserOf(ctx: Carrier): string | undefined {
  const name = ctx.cookies.get(nameOf(ctx), { signed: false });
  return name !== undefined && form.test(name) ? name : undefined;
}

/** Gives the browser this name. */
export function nameBrowser(ctx: Carrier, name: string): void {
  const { secure } = ctx;
  ctx.cookies.set(nameOf(ctx), name, {
    ...{ path: '/', maxAge: life, httpOnly: true, sameSite: 'lax', secure, signed: false, overwrite: true },
  });
}
