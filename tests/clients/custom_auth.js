// Custom authentication by amazon-cognito-identity-js: with the password first, and without.

import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';

import { run } from './scenario.js';

const userOf = ({ url, userPoolId, clientId, username }) =>
  new CognitoUser({
    Username: username,
    Pool: new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: url }),
  });

const asked = (call) =>
  new Promise((resolve) => {
    call({
      onSuccess: (session) => resolve({ signedIn: session.getIdToken().payload }),
      onFailure: ({ name, message }) => resolve({ name, message }),
      customChallenge: (parameters) => resolve({ challenge: parameters }),
    });
  });

const details = ({ username, password }) =>
  new AuthenticationDetails({ Username: username, Password: password });

await run({
  async withoutPassword(p) {
    const user = userOf(p);
    user.setAuthenticationFlowType('CUSTOM_AUTH');
    const first = await asked((on) => user.initiateAuth(details({ username: p.username }), on));
    const wrong = await asked((on) => user.sendCustomChallengeAnswer('wrong', on));
    const right = await asked((on) => user.sendCustomChallengeAnswer(p.answer, on));
    return { first, wrong, right };
  },

  async withPassword(p) {
    const user = userOf(p);
    user.setAuthenticationFlowType('CUSTOM_AUTH');
    const refused = await asked((on) => user.authenticateUser(details({ ...p, password: 'wrong' }), on));
    const first = await asked((on) => user.authenticateUser(details(p), on));
    const right = await asked((on) => user.sendCustomChallengeAnswer(p.answer, on));
    return { refused, first, right };
  },
});
