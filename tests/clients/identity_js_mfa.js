// Second factors with amazon-cognito-identity-js, as a web app uses it. A few lines of RFC 6238 in scenario.js are the
// authenticator app.

import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';

import { newestCode, refusal, run, totp, wrongCode } from './scenario.js';

// The library's callback objects as promises of what was called and with what.
const asked = (call) =>
  new Promise((resolve, reject) => {
    const named = (name) => (value, more) => resolve({ name, value, more });
    const names = ['mfaSetup', 'mfaRequired', 'totpRequired', 'selectMFAType', 'associateSecretCode'];
    call({
      ...Object.fromEntries(names.map((name) => [name, named(name)])),
      onSuccess: named('success'),
      onFailure: reject,
    });
  });

const userOf = ({ url, userPoolId, clientId, username }) =>
  new CognitoUser({
    Username: username,
    Pool: new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: url }),
  });

const signIn = (user, { username, password }) =>
  asked((on) => user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), on));

const send = (user, code, type) => asked((on) => user.sendMFACode(code, on, type));

await run({
  async setUpAndSignIn(p) {
    const user = userOf(p);
    const result = { first: await signIn(user, p) };
    const { value: secret } = await asked((on) => user.associateSoftwareToken(on));
    result.wrongCode = await refusal(() =>
      asked((on) => user.verifySoftwareToken(wrongCode(totp(secret)), 'Phone', on)),
    );
    result.setUp = (await asked((on) => user.verifySoftwareToken(totp(secret), 'Phone', on))).name;
    result.accessClaims = user.getSignInUserSession().getAccessToken().payload;

    const again = userOf(p);
    result.second = await signIn(again, p);
    result.usedCode = await refusal(() => send(again, totp(secret), 'SOFTWARE_TOKEN_MFA'));
    result.signedIn = (await send(again, totp(secret, 1), 'SOFTWARE_TOKEN_MFA')).name;
    return result;
  },

  async bySms({ phone, ...p }) {
    const user = userOf(p);
    const { name, value, more } = await signIn(user, p);
    const code = await newestCode(p.url, phone);
    const result = { asked: name, challenge: value, parameters: more };
    result.wrongCode = await refusal(() => send(user, wrongCode(code)));
    result.signedIn = (await send(user, code)).name;
    return result;
  },

  async choosing({ phone, ...p }) {
    const user = userOf(p);
    const { name, more } = await signIn(user, p);
    const chosen = await asked((on) => user.sendMFASelectionAnswer('SMS_MFA', on));
    const code = await newestCode(p.url, phone);
    return { asked: name, offered: more, then: chosen.name, signedIn: (await send(user, code)).name };
  },

  async preferences(p) {
    const user = userOf(p);
    await signIn(user, p);
    const promised = (call) =>
      new Promise((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));
    const on = { PreferredMfa: true, Enabled: true };
    const result = {};
    result.noApp = await refusal(() => promised((done) => user.setUserMfaPreference(null, on, done)));
    result.sms = await promised((done) => user.setUserMfaPreference(on, null, done));
    result.data = await promised((done) => user.getUserData(done, { bypassCache: true }));
    return result;
  },
});
