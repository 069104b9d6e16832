// openid-client as an app that registers itself, and as a service that exchanges tokens.

import * as client from 'openid-client';

import { run } from './scenario.js';

const insecure = { execute: [client.allowInsecureRequests] };
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';

const issuerOf = ({ url, userPoolId }) => new URL(`${url}/${userPoolId}`);

async function registered(parameters, metadata, authentication) {
  const { initialAccessToken } = parameters;
  const options = { ...insecure, initialAccessToken };
  return client.dynamicClientRegistration(issuerOf(parameters), metadata, authentication, options);
}

// The OAuth error that the library was answered with, or the name of its own; an error if nothing was refused.
async function refusal(attempt) {
  try {
    await attempt();
  } catch (error) {
    return error.error ?? error.name;
  }
  throw new Error('this was to be refused');
}

async function signIn(parameters) {
  const { callback, cookie } = parameters;
  const metadata = { redirect_uris: [callback], client_name: 'Agent', token_endpoint_auth_method: 'none' };
  const config = await registered(parameters, metadata, client.None());
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const authorize = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  });
  const response = await fetch(authorize, { redirect: 'manual', headers: { cookie } });
  const back = new URL(response.headers.get('location'));
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState });
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  return { client: config.clientMetadata(), claims: tokens.claims(), refreshed: Boolean(refreshed.access_token) };
}

async function machine(parameters) {
  const metadata = { grant_types: ['client_credentials'], response_types: [], scope: parameters.scope };
  const config = await registered(parameters, metadata);
  const tokens = await client.clientCredentialsGrant(config);
  const wrong = await refusal(() => registered(parameters, { redirect_uris: ['http://app.example.com/'] }));
  const strange = await refusal(() => registered({ ...parameters, initialAccessToken: undefined }, metadata));
  return {
    client: config.clientMetadata(),
    token: tokens.access_token,
    wrong,
    strange,
  };
}

async function exchange(parameters) {
  const { clientId, clientSecret, subject } = parameters;
  const config = await client.discovery(issuerOf(parameters), clientId, clientSecret, undefined, insecure);
  const own = await client.clientCredentialsGrant(config);
  const given = { subject_token: subject, subject_token_type: `${TYPE}access_token` };
  const tokens = await client.genericGrantRequest(config, EXCHANGE, {
    ...given,
    actor_token: own.access_token,
    actor_token_type: `${TYPE}access_token`,
    audience: 'billing',
    scope: 'files/read',
  });
  const wider = await refusal(() => client.genericGrantRequest(config, EXCHANGE, { ...given, scope: 'files/write' }));
  return { tokens, wider };
}

await run({ signIn, machine, exchange });
