// @aws-sdk/client-cognito-identity-provider, as a server uses it: a client with a secret, and an administrator.

import { createHmac } from 'node:crypto';

import {
  AdminCreateUserCommand,
  AdminGetUserCommand,
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  AdminUserGlobalSignOutCommand,
  ChangePasswordCommand,
  CognitoIdentityProviderClient,
  ConfirmForgotPasswordCommand,
  ConfirmSignUpCommand,
  DeleteUserCommand,
  ForgotPasswordCommand,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  NotAuthorizedException,
  RevokeTokenCommand,
  SignUpCommand,
  paginateListUsers,
} from '@aws-sdk/client-cognito-identity-provider';

import { newestCode, refusal, run, wrongCode } from './scenario.js';

// Without credentials: the calls that an app's users make are not signed.
function sender({ url, region, credentials }) {
  const client = new CognitoIdentityProviderClient({ endpoint: url, region, credentials, maxAttempts: 1 });
  return (Command, input) => client.send(new Command(input));
}

const ANY_CREDENTIALS = { accessKeyId: 'any', secretAccessKey: 'any' };

const hashFor = ({ clientId, clientSecret }) => (username) =>
  createHmac('sha256', clientSecret).update(username + clientId).digest('base64');

await run({
  async life({ newPassword, ...p }) {
    const send = sender(p);
    const hash = hashFor(p);
    const { clientId: ClientId, clientSecret, username, password, email } = p;
    const named = { ClientId, SecretHash: hash(username), Username: username };
    const result = {};

    const signUp = {
      ...named,
      Password: password,
      UserAttributes: [{ Name: 'email', Value: email }],
    };
    result.weakPassword = await refusal(() => send(SignUpCommand, { ...signUp, Password: 'Sh0rt!' }));
    result.noHash = await refusal(() => send(SignUpCommand, { ...signUp, SecretHash: undefined }));
    result.wrongHash = await refusal(() => send(SignUpCommand, { ...signUp, SecretHash: hash('another') }));
    const signedUp = await send(SignUpCommand, signUp);
    result.status = signedUp.$metadata.httpStatusCode;
    result.requestId = signedUp.$metadata.requestId;
    result.sub = signedUp.UserSub;
    result.twice = await refusal(() => send(SignUpCommand, signUp));

    const code = await newestCode(p.url, email);
    const confirm = (ConfirmationCode) => send(ConfirmSignUpCommand, { ...named, ConfirmationCode });
    result.wrongCode = await refusal(() => confirm(wrongCode(code)));
    await confirm(code);

    const signIn = (PASSWORD) =>
      send(InitiateAuthCommand, {
        ClientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: username, PASSWORD, SECRET_HASH: hash(username) },
      });
    result.wrongPassword = await refusal(() => signIn(`${password}!`));
    result.isTyped = await signIn(`${password}!`).catch((error) => error instanceof NotAuthorizedException);
    const { AuthenticationResult: tokens } = await signIn(password);
    const { AccessToken, RefreshToken } = tokens;
    result.tokens = tokens;
    result.user = await send(GetUserCommand, { AccessToken });

    const refresh = (token, name) =>
      send(InitiateAuthCommand, {
        ClientId,
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: token, SECRET_HASH: hash(name) },
      });
    result.refreshed = (await refresh(RefreshToken, username)).AuthenticationResult;
    result.refreshWrongHash = await refusal(() => refresh(RefreshToken, 'another'));
    const exchange = (ClientSecret) =>
      send(GetTokensFromRefreshTokenCommand, { ClientId, ClientSecret, RefreshToken });
    result.exchanged = (await exchange(clientSecret)).AuthenticationResult;
    result.exchangeWrongSecret = await refusal(() => exchange(`${clientSecret}x`));

    await send(ChangePasswordCommand, {
      AccessToken,
      PreviousPassword: password,
      ProposedPassword: newPassword,
    });
    await send(RevokeTokenCommand, { ClientId, ClientSecret: clientSecret, Token: RefreshToken });
    result.revokedRefresh = await refusal(() => refresh(RefreshToken, username));
    result.revokedAccess = await refusal(() => send(GetUserCommand, { AccessToken }));

    const { AuthenticationResult: others } = await signIn(newPassword);
    await send(GlobalSignOutCommand, { AccessToken: others.AccessToken });
    result.signedOut = await refusal(() => refresh(others.RefreshToken, username));

    const { AuthenticationResult: last } = await signIn(newPassword);
    await send(DeleteUserCommand, { AccessToken: last.AccessToken });
    result.gone = await refusal(() => signIn(newPassword));
    return result;
  },

  async forgottenPassword({ newPassword, ...p }) {
    const send = sender(p);
    const named = { ClientId: p.clientId, SecretHash: hashFor(p)(p.username), Username: p.username };
    const result = { delivery: (await send(ForgotPasswordCommand, named)).CodeDeliveryDetails };
    const code = await newestCode(p.url, p.email);
    const set = (ConfirmationCode) =>
      send(ConfirmForgotPasswordCommand, { ...named, ConfirmationCode, Password: newPassword });
    result.wrongCode = await refusal(() => set(wrongCode(code)));
    result.status = (await set(code)).$metadata.httpStatusCode;
    return result;
  },

  async administration({ newPassword, names, ...p }) {
    const send = sender({ ...p, credentials: ANY_CREDENTIALS });
    const hash = hashFor(p);
    const { userPoolId: UserPoolId, clientId: ClientId, username, password } = p;
    const result = {};
    const created = await send(AdminCreateUserCommand, {
      UserPoolId,
      Username: username,
      TemporaryPassword: password,
      MessageAction: 'SUPPRESS',
      UserAttributes: [{ Name: 'email', Value: p.email }],
    });
    result.created = created.User;
    result.isDate = created.User.UserCreateDate instanceof Date;

    const begin = (PASSWORD) =>
      send(AdminInitiateAuthCommand, {
        UserPoolId,
        ClientId,
        AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: username, PASSWORD, SECRET_HASH: hash(username) },
      });
    const asked = await begin(password);
    result.challenge = asked.ChallengeName;
    const answer = (Session) =>
      send(AdminRespondToAuthChallengeCommand, {
        UserPoolId,
        ClientId,
        ChallengeName: asked.ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: username, NEW_PASSWORD: newPassword, SECRET_HASH: hash(username) },
      });
    result.forgedSession = await refusal(() => answer(`${asked.Session.slice(0, -4)}AAAA`));
    const { AuthenticationResult: tokens } = await answer(asked.Session);
    result.usedSession = await refusal(() => answer(asked.Session));
    result.status = (await send(AdminGetUserCommand, { UserPoolId, Username: username })).UserStatus;

    await send(AdminUserGlobalSignOutCommand, { UserPoolId, Username: username });
    result.signedOut = await refusal(() => send(GetUserCommand, { AccessToken: tokens.AccessToken }));

    const listed = [];
    const client = new CognitoIdentityProviderClient({
      endpoint: p.url,
      region: p.region,
      credentials: ANY_CREDENTIALS,
    });
    const filter = `given_name = "${names}"`;
    for await (const page of paginateListUsers({ client, pageSize: 2 }, { UserPoolId, Filter: filter })) {
      listed.push(page.Users.map((user) => user.Username));
    }
    result.pages = listed;
    result.nobody = await refusal(() => send(AdminGetUserCommand, { UserPoolId, Username: 'nobody' }));
    result.noPool = await refusal(() =>
      send(AdminGetUserCommand, { UserPoolId: `${p.region}_Nowhere12`, Username: username }),
    );
    return result;
  },
});
