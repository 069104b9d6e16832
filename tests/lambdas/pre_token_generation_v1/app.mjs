// Adds a claim to the ID token, takes one away, and replaces the groups.

export const handler = async (event) => {
  event.response.claimsOverrideDetails = {
    claimsToAddOrOverride: { tenant: 't1', sub: 'forged' },
    claimsToSuppress: ['email'],
    groupOverrideDetails: { groupsToOverride: ['readers'] },
  }
  return event
}
