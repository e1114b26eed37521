// Shows mails as they come. Without this script the page is whole; it only has to be reloaded.
"use strict";

const rows = document.getElementById("rows");
const live = document.querySelector(".live");
let newest = Number(rows.dataset.newest || -1); // -1: an older page, where nothing new appears

document.querySelector(".row[aria-current]")?.scrollIntoView({ block: "nearest" });

async function look() {
  const query = new URLSearchParams({ than: newest, q: rows.dataset.search });
  const answer = await fetch("/mailbox/newer?" + query, { headers: { accept: "text/html" } });
  if (answer.status !== 200) {
    if (!answer.ok) throw new Error(answer.status);
    return;
  }
  rows.insertAdjacentHTML("afterbegin", await answer.text());
  newest = Number(rows.querySelector(".row").dataset.id);
  document.getElementById("empty").hidden = true;
}

async function keepLooking() {
  if (!document.hidden) {
    try {
      await look();
      live.classList.remove("off");
    } catch {
      live.classList.add("off");
    }
  }
  setTimeout(keepLooking, 1500);
}

if (newest >= 0) {
  live.hidden = false;
  keepLooking();
}
