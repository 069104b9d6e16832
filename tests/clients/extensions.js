// What goes beyond Cognito, with openid-client as an app uses it. The user has signed in before: their browser's cookie
// goes along, and nothing is followed.

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

await run({ dpop });
