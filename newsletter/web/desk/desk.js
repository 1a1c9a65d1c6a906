// Small conveniences: nothing on the desk needs them.
"use strict";

// A form that is sent already is not sent again by a second click; and one with a question asks it first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.asks && !window.confirm(form.dataset.asks)) {
    event.preventDefault();
    return;
  }
  if (form.dataset.sent) event.preventDefault();
  if (form.method === "post") form.dataset.sent = "yes";
});

// A page that comes back from the browser's memory may send its forms again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
