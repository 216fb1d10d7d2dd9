// Polish for the join page: everything works without it. Whoever types an amount of their own has
// chosen it, and sees at once what of it reaches the newsroom.
"use strict";

const AMOUNT = /^€?\s*(\d{1,5})(?:[.,](\d{2}))?\s*€?$/;

function cents(text) {
  const found = AMOUNT.exec(text.trim());
  return found ? Number(found[1]) * 100 + Number(found[2] || 0) : 0;
}

function euros(amount) {
  return "€" + (amount / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/, ",");
}

for (const typed of document.querySelectorAll(".pick-typed")) {
  const field = typed.querySelector("input");
  const says = typed.querySelector("[data-says]");
  const own = typed.parentElement.querySelector(".pick-own input");
  const tell = () => {
    const given = cents(field.value);
    const { share, fixed, least } = typed.dataset;
    const taken = Math.floor((given * Number(share) + 500000) / 1000000) + Number(fixed);
    says.textContent = given < Number(least) ? "" : says.dataset.says
      .replace("AMOUNT", euros(given)).replace("ARRIVES", euros(Math.max(given - taken, 0)));
  };
  field.addEventListener("input", () => {
    own.checked = true;
    tell();
  });
  own.addEventListener("change", () => field.focus());
  tell();
}
