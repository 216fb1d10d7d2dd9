/* The staff's menu: what was opened closes by Escape, and when one goes on elsewhere.
   Without this script it closes as it opened. */
const menu = document.querySelector(".menu");
const close = (but) => menu?.querySelectorAll("details[open]").forEach((each) => { if (each !== but) each.open = false; });
document.addEventListener("click", (event) => close(event.target.closest(".menu details")));
document.addEventListener("focusin", (event) => close(event.target.closest(".menu details")));
document.addEventListener("keydown", (event) => {
  const open = menu?.querySelector("details[open]");
  if (event.key !== "Escape" || !open) return;
  if (open.contains(document.activeElement)) open.querySelector("summary").focus();
  close();
});
