// Who signs up with an address of the company is let in at once; one domain is kept out.

export const handler = async (event) => {
  const domain = (event.request.userAttributes.email ?? '').split('@')[1]
  if (domain === 'blocked.example') throw new Error('nobody from there')
  if (domain === 'company.example' && event.triggerSource === 'PreSignUp_SignUp') {
    event.response.autoConfirmUser = true
    event.response.autoVerifyEmail = true
  }
  return event
}
