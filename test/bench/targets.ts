import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Running, startServer } from './children.ts';
import type { Credentials } from './connection.ts';
import type { Place } from './work.ts';

/** A server under measurement, and who may ask it for what. */
export interface Target {
  name: string;
  running: Running;
  port: number;
  place: Place;
  service: Credentials;
  web: Credentials;
  gateway: Credentials;
  /** An administrator, where the server has one. */
  admin?: Credentials;
  /** A client whose tokens are JWTs, where the server introspects those. */
  jwt?: Credentials;
  person?: { identifier: string; password: string };
  redirectUri: string;
  scope: string;
  /** It keeps so little that what a measurement needs is made anew each time. */
  forgetful?: boolean;
}

const here = (file: string): string => join(import.meta.dirname, file);
const secret = (): string => randomBytes(32).toString('base64url');
const redirectUri = 'http://localhost:8080/callback';
const listening = /listening on (\d+)/;
const isListening = (printed: string): boolean => listening.test(printed);
const portOf = ({ printed }: Running): number => Number(listening.exec(printed())?.[1]);

/** The bare Koa endpoint; `answer` is the JSON that it gives. */
export async function startKoa(answer: string, nodeOptions: string[] = []): Promise<Target> {
  const running = await startServer({ command: [...nodeOptions, here('koa-server.ts'), answer], ready: isListening });
  const nobody = { id: 'demo-gateway', secret: secret() };
  const port = portOf(running);
  const place = { host: `localhost:${port}`, token: '/', introspection: '/oauth2/introspect', authorization: '/' };
  return {
    name: 'bare Koa',
    running,
    port,
    place,
    service: nobody,
    web: nobody,
    gateway: nobody,
    redirectUri,
    scope: '',
  };
}

/** The bare library. */
export async function startLibrary(nodeOptions: string[] = []): Promise<Target> {
  const secrets = { service: secret(), web: secret(), gateway: secret() };
  const running = await startServer({
    command: [...nodeOptions, here('oidc-server.ts'), JSON.stringify(secrets)],
    ready: isListening,
  });
  const port = portOf(running);
  return {
    name: 'bare oidc-provider',
    running,
    port,
    place: await discovered(`localhost:${port}`),
    service: { id: 'service', secret: secrets.service },
    web: { id: 'web', secret: secrets.web },
    gateway: { id: 'gateway', secret: secrets.gateway },
    redirectUri,
    scope: 'openid',
    forgetful: true,
  };
}

/** Where the endpoints are, as the server itself says. */
export async function discovered(host: string): Promise<Place> {
  const answer = await fetch(`http://${host}/.well-known/openid-configuration`);
  const said: Record<string, unknown> = await answer.json();
  const path = (name: string): string => new URL(String(said[`${name}_endpoint`])).pathname;
  return { host, token: path('token'), introspection: path('introspection'), authorization: path('authorization') };
}
