// Asks what opens the cave.

export const handler = async (event) => {
  if (event.request.challengeName === 'CUSTOM_CHALLENGE') {
    event.response.publicChallengeParameters = { question: 'What opens the cave?' }
    event.response.privateChallengeParameters = { answer: 'open sesame' }
    event.response.challengeMetadata = 'CAVE'
  }
  return event
}
