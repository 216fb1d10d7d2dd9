/* Makes or shows a passkey: asks the browser for it, and sends what it says with the form.
   Without this script the authenticator app and the recovery codes work as ever. */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

const ask = async ({ publicKey }) => {
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (!publicKey.user) {
    options.allowCredentials = named(publicKey.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }
  options.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  options.excludeCredentials = named(publicKey.excludeCredentials);
  return navigator.credentials.create({ publicKey: options });
};

const told = ({ id, rawId, type, response }) => {
  const said = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) said[part] = text(response[part]);
  }
  return JSON.stringify({ id, rawId: text(rawId), type, response: said, clientExtensionResults: {} });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const { passkey, none, failed, known } = form.dataset;
  const words = form.querySelector("[data-words]");
  let asking = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!window.PublicKeyCredential) { words.textContent = none; return; }
    if (asking) return;
    asking = true;
    words.textContent = "";
    try {
      form.elements.credential.value = told(await ask(JSON.parse(passkey)));
      form.submit();
    } catch (error) {
      words.textContent = { SecurityError: none, InvalidStateError: known }[error.name] || failed;
      asking = false;
    }
  });
}
