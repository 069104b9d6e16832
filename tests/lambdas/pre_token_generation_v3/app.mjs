// Adds to the tokens of machines, too.

export const handler = async (event) => {
  const kind = event.triggerSource === 'TokenGeneration_ClientCredentials' ? 'machine' : 'person'
  event.response.claimsAndScopeOverrideDetails = {
    accessTokenGeneration: { claimsToAddOrOverride: { kind } },
  }
  return event
}
