// The draft's page: lengths while typing, the note as it will be printed, keys, and loading again when it reads otherwise.
"use strict";

const draft = document.querySelector("[data-draft]");
const texts = document.querySelector("[data-texts]");
const words = (text) => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

// ── lengths ──
for (const field of document.querySelectorAll("[data-chars], [data-words]")) {
  const shown = document.getElementById(`${field.id}-length`);
  field.addEventListener("input", () => {
    const text = field.value || field.dataset.computed || "";
    shown.textContent = field.dataset.words
      ? `${words(text)} of ${field.dataset.words} words`
      : `${[...text].length} of ${field.dataset.chars} characters`;
    shown.classList.toggle("too-long", field.dataset.words ? words(text) > field.dataset.words : [...text].length > field.dataset.chars);
  });
}

// ── the note as it will be printed ──
const note = document.querySelector("[data-preview]");
if (note) {
  const shown = document.querySelector(".note-shown");
  let waiting = 0;
  note.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const body = new URLSearchParams({ csrf: texts.elements.csrf.value, note: note.value });
      try {
        const answer = await fetch(note.dataset.preview, { method: "POST", body });
        if (![200, 422].includes(answer.status)) return;
        // What comes is cleaned by the server, and nothing of it can run here.
        shown.innerHTML = await answer.text();
        shown.hidden = !note.value.trim();
      } catch {
        // Without a connection the page says what it said.
      }
    }, 250);
  });
}

// ── what was typed and not saved ──
// Asked of the fields, which hold it again after a way back from a page that never came.
const typed = () => [...(texts?.elements ?? [])].some(
  (each) => each.matches("input[type=text], textarea") && each.value !== each.defaultValue);
let sent = false;
texts?.addEventListener("submit", () => { sent = true; });
addEventListener("pageshow", () => { sent = false; });
addEventListener("beforeunload", (event) => { if (typed() && !sent) event.preventDefault(); });

// ── loading again when a template, a figure or the draft has changed ──
// What a form or a link leads to is not given up for that, however long it takes; after a minute nothing came of it.
let left = -Infinity;
for (const way of ["submit", "beforeunload"]) addEventListener(way, () => { left = Date.now(); });
addEventListener("pageshow", () => { left = -Infinity; });
const isLeaving = () => Date.now() - left < 60_000;

async function watch() {
  if (document.hidden || isLeaving()) return;
  try {
    const answer = await fetch(`${draft.dataset.draft}/stamp`, { redirect: "error" });
    if (!answer.ok || (await answer.json()).stamp === draft.dataset.stamp || isLeaving()) return;
  } catch {
    return;
  }
  // The answer to a form that was refused holds what was typed, and cannot be asked for again.
  const busy = typed() || location.pathname !== draft.dataset.draft || document.activeElement?.matches("input:not([type=hidden]), textarea, select");
  if (busy) document.querySelector(".changed-meanwhile").hidden = false;
  // With the notice of what was done, which may not have been read yet.
  else location.replace(location.pathname + location.search);
}
if (draft) setInterval(watch, 3000);

// ── keys ──
const OFF = "desk-keys-off";
const keys = document.querySelector(".keys-switch");
if (keys) {
  const box = keys.querySelector("input");
  keys.hidden = false;
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes"));
}

function go(element) {
  if (!element) return;
  if (!element.matches("a, button, input, textarea, summary")) element.tabIndex = -1;
  element.focus();
  element.scrollIntoView({ block: "center" });
}

function finding(step) {
  const all = [...document.querySelectorAll(".finding")];
  const at = all.findIndex((each) => each.contains(document.activeElement));
  go(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))]);
}

const KEYS = {
  j: () => finding(1),
  k: () => finding(-1),
  e: () => go(document.getElementById("subject")),
  i: () => go(document.getElementById("items")),
  p: () => document.querySelector(".preview-link")?.click(),
  a: () => go(document.querySelector("form[action$='/approve'] button")),
  u: () => go(document.querySelector("form[action$='/undo'] button")),
  m: () => document.querySelector(".merge-link")?.click(),
  "?": () => { const list = document.getElementById("shortcuts"); list.open = true; go(list.querySelector("summary")); },
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(OFF)) return;
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});
