// The password first, where the client begins so; then a question, three times.

export const handler = async (event) => {
  const { session } = event.request
  const names = session.map((passed) => passed.challengeName)
  const last = session.at(-1)
  event.response.issueTokens = false
  event.response.failAuthentication = false
  if (names.join() === 'SRP_A') {
    event.response.challengeName = 'PASSWORD_VERIFIER'
  } else if (last?.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult) {
    event.response.issueTokens = true
  } else if (names.filter((name) => name === 'CUSTOM_CHALLENGE').length >= 3) {
    event.response.failAuthentication = true
  } else {
    event.response.challengeName = 'CUSTOM_CHALLENGE'
  }
  return event
}
