// What htmx does not do by itself: asking with an ETag, keeping the reader's place,
// opening the sheet, and counting down to the moment when a message goes.
"use strict";

(() => {
  const sheet = document.getElementById("sheet");
  const offline = document.getElementById("offline");
  const live = document.getElementById("live");
  let lastSeen = new Date();
  let kept = null;
  let opener = null;
  let pressedAt = -Infinity;

  // The poll: only while somebody looks, and only what has changed.
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== live) return;
    if (document.hidden && event.detail.triggeringEvent?.type !== "board-changed") {
      event.preventDefault();
      return;
    }
    if (live.dataset.etag) event.detail.headers["If-None-Match"] = `"${live.dataset.etag}"`;
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt !== live) return;
    const { status } = event.detail.xhr;
    if (event.detail.xhr.skipped) {
      delete live.dataset.etag;
    } else if (status === 200) {
      live.dataset.etag = (event.detail.xhr.getResponseHeader("ETag") || "").replace(/^W\/|"/g, "");
    }
    if (status === 200 || status === 304) {
      lastSeen = new Date();
      offline.hidden = true;
    } else {
      const at = lastSeen.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
      offline.textContent = status === 401
        ? "You are signed out. Open a new sign-in link to go on."
        : `Not up to date: no connection since ${at}. Trying again.`;
      offline.hidden = false;
    }
  });
  // A press that got no good answer must not look as if it had worked.
  ["htmx:responseError", "htmx:sendError"].forEach((name) => {
    document.body.addEventListener(name, (event) => {
      if (event.detail.elt === live) return;
      const words = name === "htmx:sendError"
        ? "No answer came back. Look at the job before you try again."
        : "That did not work, and nothing was recorded. Try again, or load the page anew.";
      const note = Object.assign(document.createElement("p"), { className: "problem", textContent: words });
      note.setAttribute("role", "alert");
      if (sheet?.open) document.getElementById("preview").prepend(note);
      else document.getElementById("main").prepend(note);
      setTimeout(() => note.remove(), 8000);
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && live) htmx.trigger(document.body, "board-changed");
  });

  // New content must not take the reader's focus, or close what they opened.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== live) return;
    if (performance.now() - pressedAt < 1500) { // a press on what is about to be replaced would be lost
      event.detail.shouldSwap = false;
      event.detail.xhr.skipped = true;
      return;
    }
    kept = {
      focus: live.contains(document.activeElement) ? document.activeElement.id : null,
      open: [...live.querySelectorAll("details[open][id]")].map((found) => found.id),
    };
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === live && kept) {
      kept.open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
      if (kept.focus) document.getElementById(kept.focus)?.focus({ preventScroll: true });
      kept = null;
      toNewestText();
    }
    if (event.detail.target.id === "sheet-body" && !sheet.open) sheet.showModal();
    // On a phone the exact words stand below the fold; who is typing keeps their place.
    if (event.detail.target.id === "preview" && !document.activeElement.matches("[type=number], [type=date], [type=time]")) {
      event.detail.target.parentElement.scrollTop = event.detail.target.parentElement.scrollHeight;
    }
    if (navigator.share) document.querySelectorAll("[data-share]").forEach((found) => { found.hidden = false; });
  });

  // The sheet. A poll may have replaced what opened it: its id leads back.
  sheet?.addEventListener("close", () => document.getElementById(opener)?.focus());
  document.addEventListener("pointerdown", (event) => {
    if (live?.contains(event.target)) pressedAt = performance.now();
  });
  ["click", "pointercancel"].forEach((end) => {
    document.addEventListener(end, () => { pressedAt = -Infinity; });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-sheet]");
    if (link && sheet && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      opener = link.id;
      htmx.ajax("GET", link.href, { source: document.body, target: "#sheet-body" });
    }
    if (event.target === sheet || (sheet?.open && event.target.closest("[data-close]"))) {
      event.preventDefault();
      sheet.close();
    }
    if (!event.target.closest("search")) document.getElementById("found")?.replaceChildren();
  });
  // A link to hand on. Where the browser forbids copying, it stands there selected.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-share]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy || button.dataset.share);
    field.select();
    if (button.dataset.share) return navigator.share({ url: field.value }).catch(() => {});
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy the marked text";
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !sheet?.open) document.getElementById("found")?.replaceChildren();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.name === "minutes") document.querySelector("input[name=late][value=other]").checked = true;
  });
  document.body.addEventListener("sheet-done", () => {
    if (sheet?.open) sheet.close();
    if (document.querySelector(".sheet-page")) window.location.assign("/board");
  });

  // "Sending in 10 s · Undo": the server holds the messages, this only counts.
  const countDown = () => {
    const bar = document.querySelector(".toast[data-seconds]:not([data-counting])");
    if (!bar) return;
    bar.dataset.counting = "yes";
    const end = Date.now() + Number(bar.dataset.seconds) * 1000;
    const tick = setInterval(() => {
      if (!bar.isConnected) return clearInterval(tick);
      const left = (end - Date.now()) / 1000;
      bar.querySelector(".left").textContent = `${Math.max(0, Math.ceil(left))} s`;
      bar.querySelector("progress").value = Math.max(0, left);
      if (left > 0) return;
      clearInterval(tick);
      htmx.trigger(document.body, "board-changed");
      bar.remove();
    }, 200);
  };
  const fade = () => {
    const note = document.querySelector(".toast[data-fade]:not([data-fading])");
    if (!note) return;
    note.dataset.fading = "yes";
    setTimeout(() => note.remove(), Number(note.dataset.fade) * 1000);
  };
  const toNewestText = () => {
    document.querySelectorAll(".phone ol").forEach((list) => { list.scrollTop = list.scrollHeight; });
  };
  document.body.addEventListener("htmx:oobAfterSwap", () => { countDown(); fade(); });
  countDown();
  fade();
  toNewestText();
})();
