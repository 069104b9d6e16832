// aws-amplify 6, as a web app uses it. On Node.js its tokens live in the memory of the process, where a browser
// has its localStorage; nothing else has to be filled in.

import { Amplify } from 'aws-amplify';
import { Hub } from 'aws-amplify/utils';
import {
  autoSignIn,
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  confirmUserAttribute,
  deleteUser,
  deleteUserAttributes,
  fetchAuthSession,
  fetchUserAttributes,
  getCurrentUser,
  resendSignUpCode,
  resetPassword,
  signIn,
  signOut,
  signUp,
  updatePassword,
  updateUserAttribute,
} from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';

import { newestCode, refusal, run, wrongCode } from './scenario.js';

// Where the tokens are kept: a map that can be put back, as somebody who copied a browser's storage would do.
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

// The error that a refresh failed with: fetchAuthSession itself only says that there are no tokens.
async function refusedRefresh() {
  let failure;
  const stop = Hub.listen('auth', ({ payload }) => {
    if (payload.event === 'tokenRefresh_failure') failure = payload.data.error;
  });
  const session = await fetchAuthSession({ forceRefresh: true });
  stop();
  if (session.tokens) throw new Error('this refresh was to be refused');
  return { name: failure.name, message: failure.message };
}

const attempt = (username, password) => refusal(() => signIn({ username, password }));

await run({
  async life({ newPassword, ...p }) {
    configure(p);
    const { url, username, password, email } = p;
    const result = {};
    result.signUp = await signUp({ username, password, options: { userAttributes: { email } } });
    result.unconfirmed = await signIn({ username, password });
    const resent = await resendSignUpCode({ username });
    result.resent = resent.attributeName;
    const code = await newestCode(url, email);
    result.wrongCode = await refusal(() => confirmSignUp({ username, confirmationCode: wrongCode(code) }));
    result.confirmed = await confirmSignUp({ username, confirmationCode: code });

    result.wrongPassword = await attempt(username, `${password}!`);
    result.signIn = await signIn({ username, password, options: { authFlowType: 'USER_SRP_AUTH' } });
    result.currentUser = await getCurrentUser();
    const first = await fetchAuthSession();
    result.idClaims = first.tokens.idToken.payload;
    result.accessClaims = first.tokens.accessToken.payload;
    result.attributes = await fetchUserAttributes();

    const second = await fetchAuthSession({ forceRefresh: true });
    result.refreshed = String(first.tokens.accessToken) !== String(second.tokens.accessToken);
    result.wrongOldPassword = await refusal(() =>
      updatePassword({ oldPassword: `${password}!`, newPassword }),
    );
    await updatePassword({ oldPassword: password, newPassword });

    const copied = new Map(kept);
    await signOut({ global: true });
    result.signedOut = await refusal(() => getCurrentUser());
    copied.forEach((value, key) => kept.set(key, value));
    result.revokedAccess = await refusal(() => fetchUserAttributes());
    result.revokedRefresh = await refusedRefresh();

    result.oldPassword = await attempt(username, password);
    result.newPassword = await signIn({ username, password: newPassword });
    return result;
  },

  async localSignOut(p) {
    configure(p);
    await signIn({ username: p.username, password: p.password });
    const copied = new Map(kept);
    await signOut();
    copied.forEach((value, key) => kept.set(key, value));
    return { revokedRefresh: await refusedRefresh() };
  },

  async rotation(p) {
    configure(p);
    await signIn({ username: p.username, password: p.password });
    const refreshToken = () => [...kept].find(([key]) => key.endsWith('.refreshToken'));
    const [key, first] = refreshToken();
    await fetchAuthSession({ forceRefresh: true });
    const result = { rotated: refreshToken()[1] !== first };
    const again = await fetchAuthSession({ forceRefresh: true });
    result.goesOn = Boolean(again.tokens);
    kept.set(key, first);
    result.reused = await refusal(() => fetchAuthSession({ forceRefresh: true }));
    return result;
  },

  async automaticSignIn(p) {
    configure(p);
    const { username, password, email } = p;
    const options = { userAttributes: { email }, autoSignIn: true };
    const signedUp = await signUp({ username, password, options });
    const confirmationCode = await newestCode(p.url, email);
    const confirmed = await confirmSignUp({ username, confirmationCode });
    return { signedUp, confirmed, signedIn: await autoSignIn(), user: await getCurrentUser() };
  },

  async forgottenPassword({ newPassword, ...p }) {
    configure(p);
    const { username } = p;
    const result = { asked: await resetPassword({ username }) };
    const code = await newestCode(p.url, p.email);
    const confirm = (confirmationCode) => confirmResetPassword({ username, confirmationCode, newPassword });
    result.wrongCode = await refusal(() => confirm(wrongCode(code)));
    await confirm(code);
    result.oldPassword = await attempt(username, p.password);
    result.newPassword = await signIn({ username, password: newPassword });
    return result;
  },

  async firstPassword({ newPassword, ...p }) {
    configure(p);
    const result = { asked: await signIn({ username: p.username, password: p.password }) };
    const complete = (challengeResponse) => confirmSignIn({ challengeResponse });
    result.weakPassword = await refusal(() => complete('short'));
    await signIn({ username: p.username, password: p.password });
    result.completed = await complete(newPassword);
    result.user = await getCurrentUser();
    return result;
  },

  async attributes({ newEmail, ...p }) {
    configure(p);
    await signIn({ username: p.username, password: p.password });
    const update = (attributeKey, value) => updateUserAttribute({ userAttribute: { attributeKey, value } });
    const result = { updated: await update('email', newEmail) };
    result.plain = await update('nickname', 'Ada');
    result.before = await fetchUserAttributes();
    const code = await newestCode(p.url, newEmail);
    const confirm = (confirmationCode) =>
      confirmUserAttribute({ userAttributeKey: 'email', confirmationCode });
    result.wrongCode = await refusal(() => confirm(wrongCode(code)));
    await confirm(code);
    result.after = await fetchUserAttributes();
    await deleteUserAttributes({ userAttributeKeys: ['nickname'] });
    result.deleted = await fetchUserAttributes();
    return result;
  },

  async deletion(p) {
    configure(p);
    const { username, password } = p;
    await signIn({ username, password, options: { authFlowType: 'USER_PASSWORD_AUTH' } });
    await deleteUser();
    return { gone: await attempt(username, password) };
  },
});
