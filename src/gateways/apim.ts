import {
  allWays,
  authHeaders,
  basic,
  type Deployment,
  type Guide,
  introspectUrl,
  pattern,
  placeholder,
} from './guide.ts';
import { notes } from './notes.ts';

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** A C# string in an expression in an attribute. */
const cs = (text: string): string => xml(`@"${text.replaceAll('"', '""')}"`);

const ways = (deployment: Deployment): string =>
  allWays(deployment)
    .map(({ api, way }) => {
      const method =
        way.methods.length === 0
          ? ''
          : `(${way.methods.map((name) => `context.Request.Method == ${xml(`"${name}"`)}`).join(' || ')}) &amp;&amp; `;
      return `            <when condition="@(${method}System.Text.RegularExpressions.Regex.IsMatch(context.Request.OriginalUrl.Path, ${cs(pattern(way.template))}))">
                <set-variable name="scope" value="${xml(way.permission)}" />
                <set-variable name="audience" value="${api.minimal ? '' : xml(api.audience)}" />
            </when>`;
    })
    .join('\n');

const cacheKey =
  '@(&quot;sallyport:&quot; + Convert.ToBase64String(System.Security.Cryptography.SHA256.Create().ComputeHash(System.Text.Encoding.UTF8.GetBytes((string)context.Variables[&quot;token&quot;]))))';

const asking = (
  deployment: Deployment,
): string => `        <send-request mode="new" response-variable-name="answer" timeout="5" ignore-error="false">
            <set-url>${introspectUrl(deployment)}</set-url>
            <set-method>POST</set-method>
            <set-header name="Authorization" exists-action="override"><value>{{sallyport-authorization}}</value></set-header>
            <set-header name="Content-Type" exists-action="override"><value>application/x-www-form-urlencoded</value></set-header>
            <set-body>@($"token={System.Net.WebUtility.UrlEncode((string)context.Variables["token"])}")</set-body>
        </send-request>
        <!-- What is not an answer of introspection ends in 503: nothing is let through. -->
        <choose>
            <when condition="@(((IResponse)context.Variables[&quot;answer&quot;]).StatusCode != 200)">
                <return-response><set-status code="503" reason="Service Unavailable" /></return-response>
            </when>
        </choose>
        <set-variable name="told" value="@(((IResponse)context.Variables[&quot;answer&quot;]).Body.As&lt;string&gt;())" />`;

const kept = (deployment: Deployment): string =>
  deployment.client.keep === 0
    ? asking(deployment)
    : `        <cache-lookup-value key="${cacheKey}" variable-name="told" />
        <choose>
            <when condition="@(!context.Variables.ContainsKey(&quot;told&quot;))">
${asking(deployment)}
                <cache-store-value key="${cacheKey}" value="@((string)context.Variables[&quot;told&quot;])" duration="${deployment.client.keep}" />
            </when>
        </choose>`;

const refusal = (
  condition: string,
  code: number,
  reason: string,
  error: string,
): string => `            <when condition="${condition}">
                <return-response>
                    <set-status code="${code}" reason="${reason}" />
                    <set-header name="WWW-Authenticate" exists-action="override"><value>Bearer${error}</value></set-header>
                </return-response>
            </when>`;

const told = 'JObject.Parse((string)context.Variables[&quot;told&quot;])';
const inactive = `@{ var told = ${told}; var audience = (string)context.Variables[&quot;audience&quot;]; return (bool?)told[&quot;active&quot;] != true || told[&quot;cnf&quot;] != null || (audience != &quot;&quot; &amp;&amp; !new JArray(told[&quot;aud&quot;]).Children().SelectMany(a =&gt; a is JArray ? a.Children() : new JArray(a).Children()).Any(a =&gt; (string)a == audience)); }`;
const lacking = `@(!((string)${told}[&quot;scope&quot;] ?? &quot;&quot;).Split(' ').Contains((string)context.Variables[&quot;scope&quot;]))`;

const claims = [
  ['sub', 'X-Auth-Subject'],
  ['client_id', 'X-Auth-Client'],
  ['scope', 'X-Auth-Scope'],
  ['roles_str', 'X-Auth-Roles'],
];

const policy = (deployment: Deployment): string => `<!--
${notes(apim, deployment).join('\n').replaceAll('--', '- -')}
Place: the policy of the API. Named value sallyport-authorization (secret): ${deployment.client.secret === placeholder ? `"Basic " and base64 of ${deployment.client.id}:SECRET` : basic(deployment)}
For an API with JWTs validate-jwt with openid-config ${deployment.issuer}/.well-known/openid-configuration asks nobody, and a token counts until it ends.
-->
<policies>
    <inbound>
        <base />
${authHeaders.map((name) => `        <set-header name="${name}" exists-action="delete" />`).join('\n')}
        <set-variable name="token" value="@(context.Request.Headers.GetValueOrDefault(&quot;Authorization&quot;,&quot;&quot;).StartsWith(&quot;Bearer &quot;, StringComparison.OrdinalIgnoreCase) ? context.Request.Headers.GetValueOrDefault(&quot;Authorization&quot;,&quot;&quot;).Substring(7).Trim() : &quot;&quot;)" />
        <set-variable name="scope" value="" />
        <set-variable name="audience" value="" />
        <choose>
${refusal('@((string)context.Variables[&quot;token&quot;] == &quot;&quot;)', 401, 'Unauthorized', '')}
        </choose>
        <choose>
${ways(deployment)}
            <otherwise>
                <return-response><set-status code="403" reason="Forbidden" /></return-response>
            </otherwise>
        </choose>
${kept(deployment)}
        <choose>
${refusal(inactive, 401, 'Unauthorized', ' error=&quot;invalid_token&quot;')}
${refusal(lacking, 403, 'Forbidden', ' error=&quot;insufficient_scope&quot;')}
        </choose>
${claims.map(([claim, header]) => `        <set-header name="${header}" exists-action="override"><value>@((string)${told.replaceAll('&quot;', '"')}["${claim}"] ?? "")</value></set-header>`).join('\n')}
        <set-backend-service base-url="${deployment.upstream.origin}" />
    </inbound>
    <backend><base /></backend>
    <outbound><base /></outbound>
    <on-error><base /></on-error>
</policies>
`;

/** Azure API Management: a policy that introspects by `send-request`. */
export const apim: Guide = {
  kind: 'apim',
  about: 'Azure API Management introspects each token with a policy and checks its scope',
  asks: 'introspection',
  files: (deployment) => [{ name: 'policy.xml', text: policy(deployment) }],
};
