// aws-amplify 6 in a browser, as an app that leaves signing in to the pool's own pages. esbuild makes it a script.

import { Amplify } from 'aws-amplify';
import 'aws-amplify/auth/enable-oauth-listener';
import { fetchAuthSession, fetchUserAttributes, getCurrentUser, signInWithRedirect, signOut } from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';

const { userPoolId, clientId, url, domain, origin } = JSON.parse(document.querySelector('#settings').textContent);
const heard = [];
Hub.listen('auth', ({ payload }) => heard.push(payload.event));
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId,
      userPoolClientId: clientId,
      userPoolEndpoint: url,
      loginWith: {
        oauth: {
          domain,
          scopes: ['openid', 'email', 'aws.cognito.signin.user.admin'],
          redirectSignIn: [`${origin}/`],
          redirectSignOut: [`${origin}/bye`],
          responseType: 'code',
        },
      },
    },
  },
});
window.app = {
  heard,
  signIn: (options) => signInWithRedirect(options),
  signOut: () => signOut(),
  whoIsIt: async () => ({ ...(await getCurrentUser()), attributes: await fetchUserAttributes() }),
  tokens: async (options) => {
    const { tokens } = await fetchAuthSession(options);
    return tokens && { id: tokens.idToken.toString(), access: tokens.accessToken.toString() };
  },
};
