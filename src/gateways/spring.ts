import {
  comment,
  type Deployment,
  type Guide,
  introspectUrl,
  pattern,
  placeholder,
  type Way,
  yamlText,
} from './guide.ts';
import { notes } from './notes.ts';

const matcher = ({ methods, template, permission }: Way): string[] =>
  (methods.length === 0 ? [undefined] : methods).map(
    (method) =>
      `        .requestMatchers(${method === undefined ? 'RegexRequestMatcher.regexMatcher(' : `RegexRequestMatcher.regexMatcher(HttpMethod.${method}, `}${JSON.stringify(`${pattern(template).slice(0, -1)}(?:\\?.*)?$`)})).hasAuthority(${JSON.stringify(`SCOPE_${permission}`)})`,
  );

const config = (deployment: Deployment): string => `${comment('//', notes(spring, deployment))}
package com.example.api;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.oauth2.core.DefaultOAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.util.matcher.RegexRequestMatcher;
import org.springframework.beans.factory.annotation.Value;
import java.util.List;

@Configuration
public class SallyportSecurity {
  /** Audiences whose tokens open this service. */
  private static final List<String> AUDIENCES = List.of(${deployment.apis
    .filter(({ minimal }) => !minimal)
    .map(({ audience }) => JSON.stringify(audience))
    .join(', ')});

  @Bean
  SecurityFilterChain api(HttpSecurity http) throws Exception {
    return http
      .csrf(csrf -> csrf.disable())
      .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
      .authorizeHttpRequests(requests -> requests
${deployment.apis.flatMap(({ ways }) => ways.flatMap(matcher)).join('\n')}
        // What no line above names is not let through.
        .anyRequest().denyAll())
      .oauth2ResourceServer(server -> server.opaqueToken(Customizer.withDefaults()))
      .build();
  }

  @Bean
  OpaqueTokenIntrospector introspector(
      @Value("\${spring.security.oauth2.resourceserver.opaquetoken.introspection-uri}") String uri,
      @Value("\${spring.security.oauth2.resourceserver.opaquetoken.client-id}") String id,
      @Value("\${spring.security.oauth2.resourceserver.opaquetoken.client-secret}") String secret) {
    var asking = SpringOpaqueTokenIntrospector.withIntrospectionUri(uri).clientId(id).clientSecret(secret).build();
    return token -> {
      OAuth2AuthenticatedPrincipal principal = asking.introspect(token);
      // A token bound to a key or certificate needs its proof, which is not looked at here.
      if (principal.getAttribute("cnf") != null) throw new BadOpaqueTokenException("bound to a key");
      List<String> audience = principal.getAttribute("aud");
      if (!AUDIENCES.isEmpty() && (audience == null || audience.stream().noneMatch(AUDIENCES::contains)))
        throw new BadOpaqueTokenException("for another audience");
      return new DefaultOAuth2AuthenticatedPrincipal(
          principal.getName(), principal.getAttributes(), List.copyOf(principal.getAuthorities()));
    };
  }
}
`;

/** A Spring service that guards itself: opaque tokens, introspected at each request (Spring Security ≥ 6.5). */
export const spring: Guide = {
  kind: 'spring',
  about: 'Spring Security introspects each token and checks its scope as SCOPE_… authorities',
  asks: 'introspection',
  headers: 'Headers: none of a caller decides anything; who it is stands in the principal.',
  files: (deployment) => [
    {
      name: 'application.yml',
      text: `${comment('#', notes(spring, { ...deployment, client: { ...deployment.client, keep: 0 } }))}
spring:
  security:
    oauth2:
      resourceserver:
        opaquetoken:
          introspection-uri: ${introspectUrl(deployment)}
          client-id: ${yamlText(deployment.client.id)}
          client-secret: ${deployment.client.secret === placeholder ? `$\{SALLYPORT_CLIENT_SECRET}` : JSON.stringify(deployment.client.secret)}
`,
    },
    { name: 'SallyportSecurity.java', text: config({ ...deployment, client: { ...deployment.client, keep: 0 } }) },
  ],
};
