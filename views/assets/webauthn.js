// Security keys and passkeys: runs the ceremony that a form asks for, puts the answer into its field `response`, and sends it.
// <form data-webauthn="create|get|conditional" data-options="JSON" data-unable data-cancelled data-known data-failed>
// holds <input type="hidden" name="response"> and an empty alert <p data-alert hidden role="alert">.

/** @param {string} text base64url */
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer} buffer */
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/** @param {any[] | undefined} list */
const credentials = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

/** What older browsers lack: PublicKeyCredential.parseCreationOptionsFromJSON. @param {any} json */
const creation = (json) => ({
  ...json,
  challenge: bytes(json.challenge),
  user: { ...json.user, id: bytes(json.user.id) },
  excludeCredentials: credentials(json.excludeCredentials),
});

/** What older browsers lack: PublicKeyCredential.parseRequestOptionsFromJSON. @param {any} json */
const request = (json) => ({
  ...json,
  challenge: bytes(json.challenge),
  allowCredentials: credentials(json.allowCredentials),
});

/** What older browsers lack: PublicKeyCredential.toJSON. @param {any} credential */
function written(credential) {
  if (credential.toJSON) {
    try {
      return JSON.stringify(credential.toJSON());
    } catch {
      // Some password managers hand over objects that only look like one.
    }
  }
  const { response } = credential;
  const names = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
  const parts = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({
    id: credential.id,
    rawId: credential.id,
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(parts), transports: response.getTransports?.() },
  });
}

/** The ceremony under way; a browser allows one at a time. @type {AbortController | undefined} */
let underWay;

/** @param {HTMLFormElement} form @param {object} more */
function ceremony(form, more) {
  underWay?.abort();
  underWay = new AbortController();
  const json = JSON.parse(form.dataset.options ?? '');
  const call = { ...more, signal: underWay.signal };
  if (form.dataset.webauthn === 'create') {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? creation(json);
    return navigator.credentials.create({ ...call, publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? request(json);
  return navigator.credentials.get({ ...call, publicKey });
}

/** @param {HTMLFormElement} form @param {string | undefined} [why] */
function tell(form, why) {
  /** @type {HTMLElement | null} */
  const alert = form.querySelector('[data-alert]');
  if (!alert) return;
  alert.hidden = why === undefined;
  alert.textContent = why ?? '';
}

/** @param {unknown} error @param {DOMStringMap} texts */
function reason(error, { cancelled, known, failed }) {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return cancelled;
  return name === 'InvalidStateError' ? known : failed;
}

/** Runs the ceremony and sends its answer. @param {HTMLFormElement} form */
async function run(form, more = {}) {
  const credential = await ceremony(form, more);
  if (!credential) return;
  /** @type {HTMLInputElement} */ (form.elements.namedItem('response')).value = written(credential);
  // Not requestSubmit, which would come back here.
  HTMLFormElement.prototype.submit.call(form);
}

/** What somebody has asked for, so it is told when it fails. @param {HTMLFormElement} form */
async function asked(form) {
  tell(form);
  form.setAttribute('aria-busy', 'true');
  try {
    await run(form);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) tell(form, reason(error, form.dataset));
  } finally {
    form.removeAttribute('aria-busy');
  }
}

/**
 * Offers passkeys in the list that the browser shows at a field with autocomplete="… webauthn"; whoever ignores it hears
 * nothing. @param {HTMLFormElement} form
 */
async function offer(form) {
  try {
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) await run(form, { mediation: 'conditional' });
  } catch {
    // Nobody has asked for it.
  }
}

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll('form[data-webauthn]');
for (const form of forms) {
  if (!globalThis.PublicKeyCredential) {
    // What only saves somebody a step is left out where it cannot work.
    if (form.dataset.webauthn === 'conditional') form.hidden = true;
    else tell(form, form.dataset.unable);
    continue;
  }
  form.addEventListener('submit', (event) => {
    // A button with a name is another answer than the ceremony's.
    if (event.submitter?.getAttribute('name')) return;
    event.preventDefault();
    void asked(form);
  });
  // Whoever was quicker than this script would have sent an empty answer.
  for (const button of form.querySelectorAll('button')) button.disabled = false;
  if (form.dataset.webauthn === 'conditional') void offer(form);
}
