/* "Leave this page": what was open is gone at once, and the way back does not lead here.
   Without this script it is a plain link. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-leave]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  document.title = " ";
  document.body.hidden = true;
  /* Unlike a link, replace() knows of no "noreferrer". */
  document.head.append(Object.assign(document.createElement("meta"), { name: "referrer", content: "no-referrer" }));
  location.replace(link.href);
});
/* A page that the browser had kept aside would be shown again without asking us. */
addEventListener("pageshow", (event) => { if (event.persisted && document.body.hidden) location.reload(); });
