// Knows the users of an old directory, and their passwords.

const directory = { 'old-ada': 'old password' }

export const handler = async (event) => {
  const password = directory[event.userName]
  if (!password) throw new Error('Bad user')
  if (event.triggerSource === 'UserMigration_Authentication') {
    if (event.request.password !== password) throw new Error('Bad password')
    event.response.finalUserStatus = 'CONFIRMED'
  }
  event.response.userAttributes = { email: `${event.userName}@example.com`, email_verified: 'true' }
  event.response.messageAction = 'SUPPRESS'
  return event
}
