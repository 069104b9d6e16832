// Relying parties of the Node.js world: openid-client and passport-cognito-oauth2, each as an app uses it. The user has
// signed in before: their browser's cookie goes along, and nothing is followed.

import { createRequire } from 'node:module';

import * as client from 'openid-client';

import { refusal, run } from './scenario.js';

const require = createRequire(import.meta.url);

async function discovered({ url, userPoolId, clientId, clientSecret }) {
  const issuer = new URL(`${url}/${userPoolId}`);
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(issuer, clientId, clientSecret, undefined, options);
}

// Where the browser is led to.
async function visited(address, cookie) {
  const response = await fetch(address, { redirect: 'manual', headers: { cookie } });
  const location = response.headers.get('location');
  if (!location) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
  return new URL(location, address);
}

async function signIn(parameters) {
  const { callback, cookie, userPoolId } = parameters;
  const config = await discovered(parameters);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const authorize = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  const back = await visited(authorize, cookie);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  const { sub } = tokens.claims();
  const info = await client.fetchUserInfo(config, tokens.access_token, sub);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  await client.tokenRevocation(config, tokens.refresh_token);
  const revoked = await refusal(() => client.refreshTokenGrant(config, tokens.refresh_token));
  const again = await refusal(() => client.authorizationCodeGrant(config, back, checks));
  const other = new URL(back);
  other.searchParams.set('iss', 'https://evil.example');
  const mixedUp = await refusal(() => client.authorizationCodeGrant(config, other, checks));
  const logout = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: parameters.bye,
    id_token_hint: tokens.id_token,
    state: 'gone',
  });
  return {
    claims: tokens.claims(),
    info,
    refreshed: Boolean(refreshed.id_token && refreshed.access_token),
    revoked: revoked.message,
    again: again.message,
    mixedUp: mixedUp.message,
    logout: (await visited(logout, cookie)).href,
    issuer: config.serverMetadata().issuer,
    userPoolId,
  };
}

async function machine(parameters) {
  const config = await discovered(parameters);
  const tokens = await client.clientCredentialsGrant(config, { scope: parameters.scope });
  const wrong = await refusal(() => client.clientCredentialsGrant(config, { scope: 'openid' }));
  return { token: tokens.access_token, expires: tokens.expires_in, wrong: wrong.error ?? wrong.message };
}

// A service that passes a user's token on, for less (RFC 8693).
async function exchange(parameters) {
  const config = await discovered(parameters);
  const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const asked = { subject_token: parameters.token, subject_token_type: type };
  const derived = await client.genericGrantRequest(config, grant, { ...asked, scope: parameters.scope });
  const wrong = await refusal(() => client.genericGrantRequest(config, grant, { ...asked, scope: 'phone' }));
  return { token: derived.access_token, kind: derived.issued_token_type, wrong: wrong.error ?? wrong.message };
}

// passport-cognito-oauth2 in an Express app that listens on the callback's port.
async function passport({ url, region, clientId, clientSecret, callback, cookie }) {
  const express = require('express');
  const { Passport } = require('passport');
  const Strategy = require('passport-cognito-oauth2');
  // It asks AWS for the profile, with the AWS SDK that it brings along.
  const AWS = require('aws-sdk');
  AWS.config.update({ endpoint: url, credentials: new AWS.Credentials('any', 'any') });
  const authenticator = new Passport();
  authenticator.use(
    new Strategy(
      { callbackURL: callback, clientDomain: url, clientID: clientId, clientSecret, region },
      (accessToken, refreshToken, profile, done) => done(null, { accessToken, refreshToken, profile }),
    ),
  );
  const app = express();
  app.use(authenticator.initialize());
  app.get('/login', authenticator.authenticate('cognito-oauth2', { session: false }));
  app.get('/callback', authenticator.authenticate('cognito-oauth2', { session: false }), (request, response) =>
    response.json(request.user),
  );
  const server = app.listen(new URL(callback).port, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const authorize = await visited(`http://127.0.0.1:${new URL(callback).port}/login`, '');
  const scoped = new URL(authorize);
  scoped.searchParams.set('scope', 'openid email aws.cognito.signin.user.admin');
  const back = await visited(scoped, cookie);
  const response = await fetch(`http://127.0.0.1:${back.port}${back.pathname}${back.search}`);
  const user = await response.json();
  return { path: authorize.pathname, profile: user.profile, has: Boolean(user.accessToken && user.refreshToken) };
}

await run({ signIn, machine, exchange, passport });
