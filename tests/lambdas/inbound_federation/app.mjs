// Takes from another provider only what is known of its users here, and the first of their groups.

export const handler = async (event) => {
  const { idToken, userInfo, samlResponse } = event.request.attributes
  const known = { ...idToken, ...userInfo, ...samlResponse }
  if (!known.email?.endsWith('@company.example')) throw new Error('nobody from there')
  const mapped = Object.fromEntries(
    ['sub', 'email', 'given_name'].filter((name) => name in known).map((name) => [name, known[name]]),
  )
  const [team = 'none'] = JSON.parse(known.groups ?? '[]')
  event.response.userAttributesToMap = { ...mapped, 'custom:team': team }
  return event
}
