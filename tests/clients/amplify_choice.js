// aws-amplify 6 with choice-based sign-in (USER_AUTH): a web app that lets people pick how they sign in.

import { Amplify } from 'aws-amplify';
import {
  autoSignIn,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  fetchDevices,
  fetchMFAPreference,
  forgetDevice,
  rememberDevice,
  setUpTOTP,
  signIn,
  signOut,
  signUp,
  updateMFAPreference,
  verifyTOTPSetup,
} from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';

import { newestCode, refusal, run, totp, wrongCode } from './scenario.js';

const kept = new Map();
const storage = {
  getItem: async (key) => kept.get(key) ?? null,
  setItem: async (key, value) => void kept.set(key, value),
  removeItem: async (key) => void kept.delete(key),
  clear: async () => kept.clear(),
};

function configure({ url, userPoolId, clientId }) {
  Amplify.configure({
    Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: url } },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(storage);
}

const choosing = (options) => ({ authFlowType: 'USER_AUTH', ...options });

// Who is signed in, by what their ID token says; then nobody is.
async function whoAndOut() {
  const session = await fetchAuthSession();
  const claims = session.tokens.idToken.payload;
  await signOut();
  return claims;
}

await run({
  // Signs up, and in with the confirmation alone.
  async signUpAndIn(p) {
    configure(p);
    const { url, username, password, email } = p;
    const result = {};
    result.signUp = await signUp({
      username,
      password,
      options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } },
    });
    const code = await newestCode(url, email);
    result.wrongCode = await refusal(() => confirmSignUp({ username, confirmationCode: wrongCode(code) }));
    result.confirmed = await confirmSignUp({ username, confirmationCode: code });
    result.signIn = await autoSignIn();
    result.claims = await whoAndOut();
    return result;
  },

  // The same without ever having a password.
  async signUpWithoutPassword(p) {
    configure(p);
    const { url, username, email } = p;
    const result = {};
    result.signUp = await signUp({
      username,
      options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } },
    });
    result.confirmed = await confirmSignUp({ username, confirmationCode: await newestCode(url, email) });
    result.signIn = await autoSignIn();
    result.claims = await whoAndOut();
    return result;
  },

  async choose(p) {
    configure(p);
    const { url, username, password, email } = p;
    const result = {};
    result.asked = await signIn({ username, options: choosing() });
    result.codeSent = await confirmSignIn({ challengeResponse: 'EMAIL_OTP' });
    const code = await newestCode(url, email);
    result.wrongCode = await refusal(() => confirmSignIn({ challengeResponse: wrongCode(code) }));
    result.byCode = await confirmSignIn({ challengeResponse: code });
    result.claims = await whoAndOut();

    await signIn({ username, options: choosing() });
    result.passwordAsked = await confirmSignIn({ challengeResponse: 'PASSWORD' });
    result.byPassword = await confirmSignIn({ challengeResponse: password });
    await signOut();

    await signIn({ username, options: choosing() });
    result.srpAsked = await confirmSignIn({ challengeResponse: 'PASSWORD_SRP' });
    result.bySrp = await confirmSignIn({ challengeResponse: password });
    await signOut();
    return result;
  },

  async prefer(p) {
    configure(p);
    const { url, username, password, email } = p;
    const result = {};
    for (const preferredChallenge of ['PASSWORD', 'PASSWORD_SRP']) {
      result[preferredChallenge] = await signIn({ username, password, options: choosing({ preferredChallenge }) });
      await signOut();
      result[`${preferredChallenge} wrong`] = await refusal(() =>
        signIn({ username, password: `${password}!`, options: choosing({ preferredChallenge }) }),
      );
    }
    result.codeSent = await signIn({ username, options: choosing({ preferredChallenge: 'EMAIL_OTP' }) });
    result.byCode = await confirmSignIn({ challengeResponse: await newestCode(url, email) });
    await signOut();
    result.unavailable = await signIn({ username, options: choosing({ preferredChallenge: 'WEB_AUTHN' }) });
    return result;
  },

  // A pool that insists on a second factor, and a user who sets e-mail up as one.
  async setUpEmail(p) {
    configure(p);
    const { url, username, password, email } = p;
    const result = {};
    result.asked = await signIn({ username, password });
    result.picked = await confirmSignIn({ challengeResponse: 'EMAIL' });
    result.sent = await confirmSignIn({ challengeResponse: email });
    const code = await newestCode(url, email);
    result.wrongCode = await refusal(() => confirmSignIn({ challengeResponse: wrongCode(code) }));
    result.done = await confirmSignIn({ challengeResponse: code });
    result.claims = await whoAndOut();
    result.again = await signIn({ username, password });
    return result;
  },

  // The same with an authenticator app, which is asked for from then on.
  async setUpApp(p) {
    configure(p);
    const { username, password } = p;
    const result = {};
    const asked = await signIn({ username, password });
    const secret = asked.nextStep.totpSetupDetails.sharedSecret;
    result.asked = asked.nextStep.signInStep;
    result.address = asked.nextStep.totpSetupDetails.getSetupUri('Cenote').href;
    result.wrongCode = await refusal(() => confirmSignIn({ challengeResponse: wrongCode(totp(secret)) }));
    result.done = await confirmSignIn({ challengeResponse: totp(secret) });
    result.claims = await whoAndOut();
    result.again = (await signIn({ username, password })).nextStep.signInStep;
    result.usedCode = await refusal(() => confirmSignIn({ challengeResponse: totp(secret) }));
    result.signedIn = await confirmSignIn({ challengeResponse: totp(secret, 1) });
    return result;
  },

  // Who is signed in sets an app up, and prefers it.
  async addApp(p) {
    configure(p);
    const { username, password } = p;
    const result = { before: await signIn({ username, password }) };
    const { sharedSecret: secret } = await setUpTOTP();
    result.wrongCode = await refusal(() => verifyTOTPSetup({ code: wrongCode(totp(secret)) }));
    await verifyTOTPSetup({ code: totp(secret) });
    await updateMFAPreference({ totp: 'PREFERRED' });
    result.preference = await fetchMFAPreference();
    await signOut();
    result.again = (await signIn({ username, password })).nextStep.signInStep;
    result.signedIn = await confirmSignIn({ challengeResponse: totp(secret, 1) });
    return result;
  },

  // A device that its user has remembered, listed and forgotten.
  async device(p) {
    configure(p);
    const { username, password } = p;
    // Amplify names the device after its browser, and Node.js before 21 is none.
    globalThis.navigator ??= { userAgent: 'a browser' };
    const result = { signedIn: await signIn({ username, password }) };
    await rememberDevice();
    result.remembered = await fetchDevices();
    result.again = await signOut().then(() => signIn({ username, password }));
    await forgetDevice();
    result.forgotten = await fetchDevices();
    return result;
  },
});
