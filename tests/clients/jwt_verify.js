// aws-jwt-verify, as an API uses it on the tokens it is sent.

import { CognitoJwtVerifier, JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';

import { refusal, run } from './scenario.js';

// The library's own fetcher speaks HTTPS only, and CognitoJwtVerifier asks AWS's host for the keys of a pool; this
// one asks the Cenote at `url` instead, as a private DNS name for AWS's host would.
function cacheAt(url, fetched) {
  return new SimpleJwksCache({
    fetcher: {
      async fetch(uri) {
        const asked = `${url}${new URL(uri).pathname}`;
        const response = await fetch(asked);
        if (!response.ok) throw new Error(`${asked} answered ${response.status}`);
        fetched.push(asked);
        return response.arrayBuffer();
      },
    },
  });
}

// One letter of a segment of the token, exchanged for another.
function altered(token, segment) {
  const parts = token.split('.');
  const middle = parts[segment].length >> 1;
  const letter = parts[segment][middle] === 'A' ? 'B' : 'A';
  parts[segment] = parts[segment].slice(0, middle) + letter + parts[segment].slice(middle + 1);
  return parts.join('.');
}

// The token with other claims and the signature that it had.
function claiming(token, claims) {
  const [header, payload, signature] = token.split('.');
  const before = JSON.parse(Buffer.from(payload, 'base64url'));
  const after = Buffer.from(JSON.stringify({ ...before, ...claims })).toString('base64url');
  return [header, after, signature].join('.');
}

await run({
  // With tokens whose issuer has AWS's form.
  async cognito({ url, userPoolId, clientId, accessToken, idToken, otherPoolId }) {
    const fetched = [];
    const verifier = (changes) =>
      CognitoJwtVerifier.create(
        { userPoolId, clientId, tokenUse: 'access', ...changes },
        { jwksCache: cacheAt(url, fetched) },
      );
    const access = verifier();
    const id = verifier({ tokenUse: 'id' });
    const result = { access: await access.verify(accessToken), id: await id.verify(idToken) };
    result.fetched = [...fetched];

    const offline = verifier();
    offline.cacheJwks(await (await fetch(`${url}/${userPoolId}/.well-known/jwks.json`)).json());
    result.offline = offline.verifySync(accessToken).jti;

    result.idAsAccess = await refusal(() => access.verify(idToken));
    result.accessAsId = await refusal(() => id.verify(accessToken));
    result.otherClient = await refusal(() => verifier({ clientId: 'a'.repeat(26) }).verify(accessToken));
    result.otherPool = await refusal(() => verifier({ userPoolId: otherPoolId }).verify(accessToken));
    result.otherKeys = await refusal(() => {
      const fooled = verifier({ userPoolId: otherPoolId });
      return fooled.verify(
        claiming(accessToken, {
          iss: `https://cognito-idp.${otherPoolId.split('_')[0]}.amazonaws.com/${otherPoolId}`,
        }),
      );
    });
    result.noSuchGroup = await refusal(() => verifier({ groups: ['nobody'] }).verify(accessToken));
    result.group = (await verifier({ groups: ['readers'] }).verify(accessToken))['cognito:groups'];
    result.alteredSignature = await refusal(() => access.verify(altered(accessToken, 2)));
    result.alteredClaims = await refusal(() => access.verify(claiming(accessToken, { username: 'admin' })));
    return result;
  },

  // With Cenote's own issuer, by the verifier for any OpenID provider.
  async openid({ url, issuer, jwksUri, clientId, accessToken, idToken }) {
    const fetched = [];
    const verifier = (changes) =>
      JwtVerifier.create(
        { issuer, audience: clientId, jwksUri, ...changes },
        { jwksCache: cacheAt(url, fetched) },
      );
    const id = verifier();
    // Access tokens have no audience.
    const access = verifier({ audience: null, customJwtCheck: ({ payload }) => {
      if (payload.client_id !== clientId) throw new Error('another client');
    } });
    const result = { id: await id.verify(idToken), access: await access.verify(accessToken), fetched };
    result.accessAsId = await refusal(() => id.verify(accessToken));
    result.otherAudience = await refusal(() => verifier({ audience: 'another' }).verify(idToken));
    result.otherIssuer = await refusal(() => verifier({ issuer: `${issuer}x` }).verify(idToken));
    result.alteredSignature = await refusal(() => id.verify(altered(idToken, 2)));
    result.alteredClaims = await refusal(() => id.verify(claiming(idToken, { email_verified: true, sub: 'x' })));
    return result;
  },
});
