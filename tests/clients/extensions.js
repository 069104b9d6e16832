// What goes beyond Cognito, with openid-client as an app uses it. The user has signed in before: their browser's cookie
// goes along, and nothing is followed.

import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

import { refusal, run } from './scenario.js';

async function discovered({ url, userPoolId, clientId, clientSecret }) {
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(`${url}/${userPoolId}`), clientId, clientSecret, undefined, options);
}

// Where the browser is led to.
async function visited(address, cookie) {
  const response = await fetch(address, { redirect: 'manual', headers: { cookie } });
  const location = response.headers.get('location');
  if (!location) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
  return new URL(location, address);
}

async function dpop(parameters) {
  const config = await discovered(parameters);
  const { algorithm, callback, cookie } = parameters;
  const pair = await client.randomDPoPKeyPair(algorithm);
  const DPoP = client.getDPoPHandle(config, pair);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const authorize = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: await DPoP.calculateThumbprint(),
  });
  const back = await visited(authorize, cookie);
  const checks = { pkceCodeVerifier };
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  const other = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm)) };
  const stolen = await refusal(() => client.refreshTokenGrant(config, tokens.refresh_token, undefined, other));
  const bearer = await refusal(() => client.fetchUserInfo(config, tokens.access_token, info.sub));
  return {
    info,
    type: tokens.token_type,
    refreshedType: refreshed.token_type,
    accessToken: refreshed.access_token,
    thumbprint: await DPoP.calculateThumbprint(),
    algorithms: config.serverMetadata().dpop_signing_alg_values_supported,
    stolen: stolen.message,
    bearer: bearer.message,
  };
}

// openid-client checks the signature of ID tokens where an app asks for that, jose what an API is sent.
async function es256(parameters) {
  const config = await discovered(parameters);
  client.enableNonRepudiationChecks(config);
  config.clientMetadata().id_token_signed_response_alg = 'ES256';
  const { callback, cookie } = parameters;
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const authorize = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const back = await visited(authorize, cookie);
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, idTokenExpected: true });
  const { issuer, jwks_uri, id_token_signing_alg_values_supported } = config.serverMetadata();
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  const verified = await jwtVerify(tokens.access_token, keys, { issuer, algorithms: ['ES256'] });
  const asRSA = await refusal(() => jwtVerify(tokens.access_token, keys, { issuer, algorithms: ['RS256'] }));
  return {
    sub: tokens.claims().sub,
    header: verified.protectedHeader,
    access: verified.payload,
    asRSA: asRSA.name,
    accessToken: tokens.access_token,
    idToken: tokens.id_token,
    algorithms: id_token_signing_alg_values_supported,
  };
}

// aws-jwt-verify, as an API uses it for issuers that are not Cognito's own.
async function awsVerifier({ issuer, jwksUri, clientId, accessToken, idToken }) {
  const cache = new SimpleJwksCache({
    fetcher: { fetch: async (uri) => (await fetch(uri)).arrayBuffer() },
  });
  const verifier = (audience) => JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: cache });
  const altered = idToken.slice(0, -10) + (idToken.at(-10) === 'A' ? 'B' : 'A') + idToken.slice(-9);
  return {
    id: (await verifier(clientId).verify(idToken)).sub,
    access: (await verifier(null).verify(accessToken)).sub,
    altered: (await refusal(() => verifier(clientId).verify(altered))).name,
  };
}

async function par(parameters) {
  const config = await discovered(parameters);
  const { callback, cookie } = parameters;
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const request = {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  };
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const authorize = await client.buildAuthorizationUrlWithPAR(config, request, { DPoP });
  const back = await visited(authorize, cookie);
  const checks = { pkceCodeVerifier, expectedState };
  const unproved = await refusal(() => client.authorizationCodeGrant(config, back, checks));
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  const wrong = { ...request, redirect_uri: 'https://evil.example/' };
  const plain = await visited(client.buildAuthorizationUrl(config, request), cookie);
  return {
    parameters: [...authorize.searchParams.keys()],
    sub: tokens.claims().sub,
    unproved: unproved.name,
    wrong: (await refusal(() => client.buildAuthorizationUrlWithPAR(config, wrong))).name,
    plain: plain.searchParams.get('error'),
  };
}

// A device asks for its codes, and asks twice what came of them.
async function deviceBegins(parameters) {
  const config = await discovered(parameters);
  const codes = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
  const grant = config.serverMetadata().grant_types_supported.at(-1);
  const asked = () => client.genericGrantRequest(config, grant, { device_code: codes.device_code });
  const first = await asked().catch((error) => error.error);
  const second = await asked().catch((error) => error.error);
  return { codes, answers: [first, second] };
}

// And goes on asking, once its user has decided.
async function devicePolls({ codes, ...parameters }) {
  const config = await discovered(parameters);
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const soon = { ...codes, interval: 0.05 };
  const tokens = await client.pollDeviceAuthorizationGrant(config, soon, undefined, { DPoP });
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  const again = await client.pollDeviceAuthorizationGrant(config, soon).catch((error) => error.error);
  return { info, type: tokens.token_type, again };
}

await run({ dpop, es256, awsVerifier, par, deviceBegins, devicePolls });
