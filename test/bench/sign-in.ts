import type { Target } from './targets.ts';
import { authorizationRequest } from './work.ts';

const mostHops = 20;

/** Cookies by name, sent where the path fits. */
class Jar {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  learn(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice('path='.length) ?? '/';
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path });
    }
  }

  for(path: string): string {
    const fitting = [...this.#cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    return fitting.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }
}

/** Signs in by the pages as a person does, and answers the cookies of the browser. */
export async function signIn(target: Target): Promise<string> {
  const jar = new Jar();
  let url = new URL(authorizationRequest(target.place, target.web.id, target), `http://${target.place.host}`);
  let form: URLSearchParams | undefined;
  for (let hop = 0; hop < mostHops; hop += 1) {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: jar.for(url.pathname), accept: 'text/html', origin: url.origin },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    jar.learn(answer.headers);
    const location = answer.headers.get('location');
    const page = await answer.text();
    if (location !== null) {
      if (location.startsWith(target.redirectUri)) return arrived(location, jar);
      url = new URL(location, url);
      form = undefined;
      continue;
    }
    const filled = answer.ok ? fill(page, target) : undefined;
    if (!filled) throw new Error(`signing in ended at ${url.pathname} with ${answer.status}: ${page.slice(0, 1000)}`);
    url = new URL(filled.action || url, url);
    form = filled.values;
  }
  throw new Error('signing in went in circles');
}

function arrived(location: string, jar: Jar): string {
  if (!/[?&]code=/.test(location)) throw new Error(`signing in gave no code: ${location}`);
  return jar.for('/');
}

/** The first form that posts, filled in by the field names of the contract. */
function fill(page: string, { person }: Target): { action: string; values: URLSearchParams } | undefined {
  const form = /<form\b[^>]*\bmethod="post"[^>]*>([\s\S]*?)<\/form>/i.exec(page);
  if (!form || !person) return undefined;
  const action = /<form\b[^>]*\baction="([^"]*)"/i.exec(form[0])?.[1]?.replaceAll('&amp;', '&') ?? '';
  const values = new URLSearchParams();
  for (const [input] of form[0].matchAll(/<input\b[^>]*>/gi)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    if (name === undefined) continue;
    const given: Record<string, string> = { identifier: person.identifier, password: person.password };
    values.set(name, given[name] ?? /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  if (form[0].includes('name="decision"')) values.set('decision', 'allow');
  return { action, values };
}
