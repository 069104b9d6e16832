'use strict';
// Everything here is a convenience, but for passkeys: pages work without it.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

// The rules of a password, ticked off as it is typed.
const RULES = {
  length: (value, item) => value.length >= Number(item.dataset.length),
  lower: (value) => /[a-z]/.test(value),
  upper: (value) => /[A-Z]/.test(value),
  digit: (value) => /[0-9]/.test(value),
  symbol: (value) => /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(value),
};
for (const field of document.querySelectorAll('input[aria-describedby~="policy"]')) {
  field.addEventListener('input', () => {
    for (const item of document.querySelectorAll('#policy [data-rule]')) {
      const met = RULES[item.dataset.rule](field.value, item);
      item.classList.toggle('met', met);
      item.classList.toggle('passwordCheck-valid-customizable', met);
      item.classList.toggle('passwordCheck-notValid-customizable', !met);
    }
  });
}

// A button beside each password that shows what was typed, until the form is sent.
for (const place of document.querySelectorAll('[data-show]')) {
  const field = place.querySelector('input');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  button.setAttribute('aria-label', place.dataset.show);
  button.setAttribute('aria-controls', field.id);
  const show = (shown) => {
    field.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
  };
  show(false);
  button.addEventListener('click', () => show(field.type === 'password'));
  field.form.addEventListener('submit', () => show(false));
  field.classList.add('reveals');
  field.after(button);
}

function decoded(options) {
  const listed = (all) => (all || []).map((entry) => ({ ...entry, id: bytes(entry.id) }));
  const ready = { ...options, challenge: bytes(options.challenge) };
  if (options.user) ready.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) ready.allowCredentials = listed(options.allowCredentials);
  if (options.excludeCredentials) ready.excludeCredentials = listed(options.excludeCredentials);
  return ready;
}

function encoded(credential) {
  const { response } = credential;
  const given = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    given.attestationObject = text(response.attestationObject);
    given.transports = response.getTransports ? response.getTransports() : [];
  } else {
    given.authenticatorData = text(response.authenticatorData);
    given.signature = text(response.signature);
    if (response.userHandle) given.userHandle = text(response.userHandle);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: given,
  });
}

// Has the browser answer the form's question, and sends that; `more` are options beside the question.
async function answer(form, more) {
  const publicKey = decoded(JSON.parse(form.dataset.options));
  form.elements.answer.value = encoded(await navigator.credentials[form.dataset.passkey]({ publicKey, ...more }));
  form.submit();
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  // Until a passkey is asked for, the browser offers those it has in the list of the user name's field.
  let waiting = null;
  if ('autofill' in form.dataset && window.PublicKeyCredential) {
    form.hidden = false;
    PublicKeyCredential.isConditionalMediationAvailable?.().then((available) => {
      if (!available) return;
      waiting = new AbortController();
      answer(form, { mediation: 'conditional', signal: waiting.signal }).catch(() => {});
    });
  }
  form.addEventListener('submit', async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    waiting?.abort();
    const told = form.querySelector('[role="alert"]');
    told.hidden = true;
    try {
      await answer(form, {});
    } catch {
      told.textContent = form.dataset.failed;
      told.hidden = false;
    }
  });
}

for (const form of document.querySelectorAll('form[data-submit]')) form.submit();
