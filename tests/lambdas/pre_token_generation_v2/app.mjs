// Adds claims to both tokens, and a scope.

export const handler = async (event) => {
  event.response.claimsAndScopeOverrideDetails = {
    idTokenGeneration: { claimsToAddOrOverride: { plan: { seats: 3 } } },
    accessTokenGeneration: {
      claimsToAddOrOverride: { roles: ['a', 'b'], iss: 'https://evil.example' },
      scopesToAdd: ['photos/read'],
    },
  }
  return event
}
