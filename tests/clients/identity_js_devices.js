// amazon-cognito-identity-js and a user's devices: it confirms each new one by itself, keeps its key, group key and
// password in its storage, and proves them at the next sign-in.

import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';

import { refusal, run } from './scenario.js';

// One storage a device, as a browser has one.
class Storage {
  values = new Map();

  setItem(key, value) {
    this.values.set(key, value);
  }

  getItem(key) {
    return this.values.get(key);
  }

  removeItem(key) {
    this.values.delete(key);
  }

  clear() {
    this.values.clear();
  }
}

// The library's callback objects as promises of what was called and with what.
const asked = (call) =>
  new Promise((resolve, reject) => {
    const named = (name) => (value, more) => resolve({ name, value, more });
    call({ onSuccess: named('success'), onFailure: reject, totpRequired: named('totpRequired') });
  });

const promised = (call) =>
  new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));

// A user at a device, and the challenges that the client answered there.
function at(storage, { url, userPoolId, clientId, username }) {
  const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: url, Storage: storage });
  const user = new CognitoUser({ Username: username, Pool: pool, Storage: storage });
  const sent = [];
  const request = user.client.request.bind(user.client);
  user.client.request = (operation, parameters, callback) => {
    sent.push(parameters.ChallengeName ?? operation);
    return request(operation, parameters, callback);
  };
  return { user, sent };
}

const signIn = ({ user }, { username, password }) =>
  asked((on) => user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), on));

const keys = async ({ user }) => {
  const { value } = await asked((on) => user.listDevices(10, null, on));
  return value.Devices.map((device) => device.DeviceKey);
};

const claimsOf = ({ user }) => user.getSignInUserSession().getAccessToken().payload;

await run({
  // Always remembered: the second sign-in on the device proves it, and elsewhere nothing is known of it.
  async remembered(p) {
    const storage = new Storage();
    const first = at(storage, p);
    const result = { confirmation: (await signIn(first, p)).more ?? false, firstSent: first.sent };
    result.listed = await keys(first);
    result.claimed = claimsOf(first).device_key;

    const second = at(storage, p);
    result.second = (await signIn(second, p)).name;
    result.secondSent = second.sent;
    result.secondClaimed = claimsOf(second).device_key;
    const refreshed = await promised((done) =>
      second.user.refreshSession(second.user.getSignInUserSession().getRefreshToken(), done),
    );
    result.refreshed = refreshed.getAccessToken().payload.device_key;
    result.device = (await asked((on) => second.user.getDevice(on))).value.Device;

    const elsewhere = at(new Storage(), p);
    await signIn(elsewhere, p);
    result.elsewhereSent = elsewhere.sent;
    result.both = await keys(elsewhere);
    return result;
  },

  // Remembered on demand.
  async optIn(p) {
    const storage = new Storage();
    const first = at(storage, p);
    const result = { necessary: (await signIn(first, p)).more, before: await keys(first) };
    const second = at(storage, p);
    await signIn(second, p);
    result.notYetSent = second.sent;
    result.remembered = (await asked((on) => second.user.setDeviceStatusRemembered(on))).value;
    result.after = await keys(second);
    const third = at(storage, p);
    await signIn(third, p);
    result.thenSent = third.sent;
    result.notRemembered = (await asked((on) => third.user.setDeviceStatusNotRemembered(on))).value;
    const fourth = at(storage, p);
    await signIn(fourth, p);
    result.noMoreSent = fourth.sent;
    return result;
  },

  // Forgotten from elsewhere: the device finds out when it signs in, and begins anew by itself.
  async forgotten(p) {
    const storage = new Storage();
    const first = at(storage, p);
    await signIn(first, p);
    const old = claimsOf(first).device_key;
    const elsewhere = at(new Storage(), p);
    await signIn(elsewhere, p);
    const result = { forgotten: (await asked((on) => elsewhere.user.forgetSpecificDevice(old, on))).value };
    first.user.client.requestWithRetry = first.user.client.request;
    const token = first.user.getSignInUserSession().getRefreshToken();
    result.refresh = await refusal(() => promised((done) => first.user.refreshSession(token, done)));
    // The same object, which sends the key with its first request already, and a new one, which does not.
    result.again = (await signIn(first, p)).name;
    result.renewed = claimsOf(first).device_key !== old;
    await asked((on) => elsewhere.user.forgetSpecificDevice(claimsOf(first).device_key, on));
    const next = at(storage, p);
    result.next = (await signIn(next, p)).name;
    return result;
  },

  // With a second factor: asked for on a new device, not on the one that is remembered.
  async secondFactor(p) {
    const storage = new Storage();
    const first = at(storage, p);
    const result = { asked: (await signIn(first, p)).name };
    await asked((on) => first.user.sendMFACode(p.code, on, 'SOFTWARE_TOKEN_MFA'));
    const second = at(storage, p);
    result.then = (await signIn(second, p)).name;
    result.sent = second.sent;
    result.elsewhere = (await signIn(at(new Storage(), p), p)).name;
    return result;
  },
});
