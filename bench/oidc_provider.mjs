// oidc-provider with two clients, JWT access tokens and its own development pages for signing in.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { PORT, CALLBACK } = process.env;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const resource = { scope: 'read', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };

const provider = new Provider(`http://localhost:${PORT}`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  clients: [
    { client_id: 'app', token_endpoint_auth_method: 'none', redirect_uris: [CALLBACK] },
    {
      client_id: 'machine',
      client_secret: 'secret-of-the-machine',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  claims: { email: ['email'] },
  pkce: { required: () => false },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.com` }) }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:bench',
      useGrantedResource: () => true,
      getResourceServerInfo: () => resource,
    },
  },
});
provider.listen(Number(PORT), '127.0.0.1');
