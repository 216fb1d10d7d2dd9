// Does the sum that the form wants, beside the page, and says in words how far it is. The form
// works without: its other button asks for a link.
const proof = document.querySelector("[data-proof]");

const start = (form, words, bar) => {
  const { worker: path, seed, digest, most, working, waiting, done, failed } = proof.dataset;
  let wanted = null;
  let over = false;
  const say = (text) => { words.textContent = text; };
  const giveUp = () => { over = true; bar.hidden = true; say(failed); };

  const worker = new Worker(path, { type: "module" });
  worker.onerror = giveUp;
  worker.onmessage = ({ data }) => {
    if (data.done !== undefined) { bar.value = Math.min(99, Math.round(data.done * 100)); return; }
    worker.terminate();
    if (data.failed) { giveUp(); return; }
    over = true;
    form.elements.number.value = data.number;
    bar.hidden = true;
    say(done);
    if (wanted) form.requestSubmit(wanted);
  };
  form.addEventListener("submit", (event) => {
    const letter = event.submitter && event.submitter.value === "letter";
    if (letter || over) return;
    event.preventDefault();
    wanted = event.submitter;
    say(waiting);
  });
  bar.hidden = false;
  say(working);
  worker.postMessage({ seed, digest, most: Number(most) });
};

if (proof) {
  const words = proof.querySelector("[data-words]");
  if (window.crypto && crypto.subtle && window.Worker) {
    start(proof.closest("form"), words, proof.querySelector("progress"));
  } else {
    words.textContent = proof.dataset.failed;
  }
}
