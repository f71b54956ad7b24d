import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider that describes itself on this machine, as the tests want it to. */
export interface Describing {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Members over what it usually says. */
  says: Record<string, unknown>;
  /** Other documents by their path: headers and text, or a status. */
  documents: Map<string, { headers?: Record<string, string>; text: string } | number>;
  /** Requests so far, as path and If-None-Match. */
  asked: string[];
  close(): void;
}

/** Starts one with a discovery document (OpenID Connect Discovery §3). */
export async function describing(): Promise<Describing> {
  const documents: Describing['documents'] = new Map();
  const says: Record<string, unknown> = {};
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const mark = request.headers['if-none-match'];
    asked.push(mark === undefined ? path : `${path} ${mark}`);
    const found = documents.get(path);
    if (typeof found === 'number') response.writeHead(found).end();
    else if (found && mark !== undefined && found.headers?.etag === mark) response.writeHead(304).end();
    else if (found) response.writeHead(200, found.headers).end(found.text);
    else if (path === '/.well-known/openid-configuration') response.end(JSON.stringify({ ...usual(url), ...says }));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, says, documents, asked, close };
}

const usual = (url: string) => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  jwks_uri: `${url}/jwks`,
  response_types_supported: ['code'],
});
