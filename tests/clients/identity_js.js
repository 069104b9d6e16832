// amazon-cognito-identity-js, as a web app uses it.

import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';

import { newestCode, refusal, run, wrongCode } from './scenario.js';

// The library's (error, result) callbacks as promises.
const promised = (call) =>
  new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));

// Its callback objects as promises of what was called and with what.
const asked = (call) =>
  new Promise((resolve, reject) => {
    const named = (name) => (value, more) => resolve({ name, value, more });
    call({
      onSuccess: named('success'),
      onFailure: reject,
      newPasswordRequired: named('newPasswordRequired'),
      inputVerificationCode: named('inputVerificationCode'),
    });
  });

const poolOf = ({ url, userPoolId, clientId }) =>
  new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: url });

const userOf = (parameters) => new CognitoUser({ Username: parameters.username, Pool: poolOf(parameters) });

const signIn = (user, username, password) =>
  asked((on) => user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), on));

const attributesOf = async (user) => {
  const attributes = await promised((done) => user.getUserAttributes(done));
  return Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]));
};

const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });

await run({
  async life({ newPassword, ...p }) {
    const { url, username, password, email } = p;
    const result = {};
    const signedUp = await promised((done) =>
      poolOf(p).signUp(username, password, [attribute('email', email)], null, done),
    );
    result.sub = signedUp.userSub;
    result.delivery = signedUp.codeDeliveryDetails;
    result.confirmedAtOnce = signedUp.userConfirmed;

    const user = userOf(p);
    result.unconfirmed = await refusal(() => signIn(user, username, password));
    const code = await newestCode(url, email);
    const confirm = (given) => promised((done) => user.confirmRegistration(given, true, done));
    result.wrongCode = await refusal(() => confirm(wrongCode(code)));
    result.confirmed = await confirm(code);

    result.wrongPassword = await refusal(() => signIn(user, username, `${password}!`));
    await signIn(user, username, password);
    const session = user.getSignInUserSession();
    result.idClaims = session.getIdToken().payload;
    result.accessClaims = session.getAccessToken().payload;
    result.userData = await promised((done) => user.getUserData(done));

    result.wrongOldPassword = await refusal(() =>
      promised((done) => user.changePassword(`${password}!`, newPassword, done)),
    );
    result.changed = await promised((done) => user.changePassword(password, newPassword, done));

    const refreshed = await promised((done) => user.refreshSession(session.getRefreshToken(), done));
    result.refreshed = refreshed.getAccessToken().getJwtToken() !== session.getAccessToken().getJwtToken();

    result.signedOut = (await asked((on) => user.globalSignOut(on))).value;
    // The library would ask again for some seconds before it believes a refusal; once is enough here.
    user.client.requestWithRetry = user.client.request;
    result.revoked = await refusal(() =>
      promised((done) => user.refreshSession(session.getRefreshToken(), done)),
    );

    const again = userOf(p);
    result.oldPassword = await refusal(() => signIn(again, username, password));
    result.newPassword = (await signIn(again, username, newPassword)).name;
    return result;
  },

  async deletion(p) {
    const user = userOf(p);
    await signIn(user, p.username, p.password);
    const deleted = await promised((done) => user.deleteUser(done));
    return { deleted, gone: await refusal(() => signIn(userOf(p), p.username, p.password)) };
  },

  async forgottenPassword({ newPassword, ...p }) {
    const user = userOf(p);
    const { name, value } = await asked((on) => user.forgotPassword(on));
    const code = await newestCode(p.url, p.email);
    const set = (given) => asked((on) => user.confirmPassword(given, newPassword, on));
    const result = { asked: name, delivery: value.CodeDeliveryDetails };
    result.wrongCode = await refusal(() => set(wrongCode(code)));
    await set(code);
    result.usedCode = await refusal(() => set(code));
    result.oldPassword = await refusal(() => signIn(user, p.username, p.password));
    result.newPassword = (await signIn(user, p.username, newPassword)).name;
    return result;
  },

  async firstPassword({ newPassword, ...p }) {
    const user = userOf(p);
    const { name, value, more } = await signIn(user, p.username, p.password);
    const complete = (password) =>
      asked((on) => user.completeNewPasswordChallenge(password, { given_name: 'Ada' }, on));
    const result = { asked: name, attributes: value, required: more };
    result.weakPassword = await refusal(() => complete('short'));
    // A refused answer leaves the challenge open; a client that starts over gets a new one.
    await signIn(user, p.username, p.password);
    result.completed = (await complete(newPassword)).name;
    result.attributesAfter = await attributesOf(user);
    return result;
  },

  async attributes({ newEmail, ...p }) {
    const user = userOf(p);
    await signIn(user, p.username, p.password);
    const update = (...list) => promised((done) => user.updateAttributes(list, done));
    const result = { updated: await update(attribute('email', newEmail), attribute('nickname', 'Ada')) };
    result.before = await attributesOf(user);
    const code = await newestCode(p.url, newEmail);
    const verify = (given) => asked((on) => user.verifyAttribute('email', given, on));
    result.wrongCode = await refusal(() => verify(wrongCode(code)));
    result.verified = (await verify(code)).value;
    result.after = await attributesOf(user);

    await promised((done) => user.deleteAttributes(['nickname'], done));
    result.deleted = await attributesOf(user);
    return result;
  },

  async forbiddenAttributes(p) {
    const user = userOf(p);
    await signIn(user, p.username, p.password);
    const update = (name, value) =>
      refusal(() => promised((done) => user.updateAttributes([attribute(name, value)], done)));
    return {
      unknown: await update('custom:unknown', 'x'),
      verifiedFlag: await update('email_verified', 'true'),
    };
  },

  async plainPassword(p) {
    const user = userOf(p);
    user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
    const result = { wrongPassword: await refusal(() => signIn(user, p.username, `${p.password}!`)) };
    result.signedIn = (await signIn(user, p.username, p.password)).name;
    return result;
  },
});
