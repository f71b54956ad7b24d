import { apache } from './apache.ts';
import { apim } from './apim.ts';
import { apisix } from './apisix.ts';
import { apisixForwardAuth, caddy, traefik } from './asking-proxies.ts';
import { aws } from './aws.ts';
import { envoy } from './envoy.ts';
import { envoyJwt } from './envoy-jwt.ts';
import type { Guide } from './guide.ts';
import { gravitee, oathkeeper, tyk } from './introspecting-gateways.ts';
import { kong } from './kong.ts';
import { krakend } from './krakend.ts';
import { mulesoft } from './mulesoft.ts';
import { nginx } from './nginx.ts';
import { nginxNjs } from './nginx-njs.ts';
import { oauth2Proxy } from './oauth2-proxy.ts';
import { spring } from './spring.ts';

/** Every kind of gateway that a configuration can be written for. */
export const guides: readonly Guide[] = [
  nginx,
  nginxNjs,
  apache,
  envoy,
  envoyJwt,
  traefik,
  caddy,
  apisix,
  apisixForwardAuth,
  kong,
  krakend,
  tyk,
  gravitee,
  oathkeeper,
  spring,
  mulesoft,
  aws,
  apim,
  oauth2Proxy,
];
