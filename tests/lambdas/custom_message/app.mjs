// Words the messages of a sign-up and of a forgotten password.

export const handler = async (event) => {
  const code = event.request.codeParameter
  if (event.triggerSource === 'CustomMessage_SignUp') {
    event.response.emailSubject = 'Welcome'
    event.response.emailMessage = `Your own code is ${code}.`
  } else if (event.triggerSource === 'CustomMessage_ForgotPassword') {
    event.response.emailSubject = 'Forgotten?'
    event.response.emailMessage = `Once more: ${code}.`
  }
  return event
}
