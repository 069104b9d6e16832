// Compares the answer with the one that was kept.

export const handler = async (event) => {
  const { challengeAnswer, privateChallengeParameters } = event.request
  event.response.answerCorrect = challengeAnswer === privateChallengeParameters.answer
  return event
}
