// Fills the counts of an issue on its way as the server tells them. Without it the page's link "Refresh" does.
"use strict";

const progress = document.getElementById("progress");
const events = new EventSource(progress.dataset.events);

// A form on its way changes the status itself, and leads to a page of its own.
addEventListener("submit", (event) => { if (!event.defaultPrevented) events.close(); });

function show(texts) {
  // Other buttons: only the whole page has them. Not under somebody's hands.
  if (texts.status !== progress.dataset.status && !document.querySelector("details.act[open]:not([data-first])")) {
    events.close();
    window.location.reload();
    return;
  }
  for (const place of document.querySelectorAll("[data-live]")) {
    const text = texts[place.dataset.live];
    if (text === undefined || place.textContent === text) continue;
    place.textContent = text;
    place.closest(".count")?.classList.toggle("none", text === "0");
  }
  for (const row of document.querySelectorAll("[data-row]")) row.hidden = texts[row.dataset.row] === undefined;
  for (const place of document.querySelectorAll("[data-live-value]")) place.value = Number(texts[place.dataset.liveValue]);
}

events.addEventListener("counts", (event) => show(JSON.parse(event.data)));
events.addEventListener("over", (event) => {
  events.close();
  show(JSON.parse(event.data));
});
