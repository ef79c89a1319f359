// What all pages do beyond showing: liveness, themes, filters and shortcuts. Every page is complete without.
"use strict";
(() => {
  const body = document.body;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const AGAIN_MS = 250, AWAY_MS = 3000, MEASURE_MS = 5000;

  // ------------------------------------------------------------------ HTMX: nothing waits for it, so it comes last
  const htmx = document.currentScript.dataset.htmx;
  if (htmx) window.addEventListener("load", () => {
    const script = document.createElement("script");
    script.src = htmx;
    document.head.append(script);
  });

  // ------------------------------------------------------------------ theme
  const theme = find("#theme");
  const useTheme = (name) => {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    document.cookie = `nexsock-theme=${name}; path=/; max-age=${name ? 31536000 : 0}; samesite=strict`;
    theme.value = name;
  };
  if (theme) theme.addEventListener("change", () => useTheme(theme.value));

  // ------------------------------------------------------------------ what went wrong
  const complain = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.textContent = text;
    find("#toasts").replaceChildren(toast);
    setTimeout(() => toast.remove(), 8000);
  };
  // Forms whose page shows by itself what they did: it stays.
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (!("stay" in form.dataset) || !button) return;
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    try {
      const content = new URLSearchParams(new FormData(form));
      const answer = await fetch(button.formAction, { method: "POST", body: content, headers: { Accept: "text/html" } });
      if (answer.ok) { changed(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const told = page.querySelector("main [role=alert]");
      complain(told ? told.textContent : `The answer was ${answer.status}.`);
    } catch {
      complain("nexsock web does not answer: does it still run?");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  // ------------------------------------------------------------------ parts that are shown anew
  let opened = [];
  const remember = () => { opened = all("#live details").map((one) => one.open); };
  const restore = () => {
    all("#live details").forEach((one, place) => { one.open = opened[place] || one.open; });
    filter();
  };
  body.addEventListener("htmx:beforeSwap", remember);
  body.addEventListener("htmx:afterSwap", restore);

  const busy = () => {
    const focus = document.activeElement;
    return !!(focus && focus.closest("[hx-get]") && focus.matches("input, select"));
  };
  // One question at a time: what is due meanwhile is asked when the answer is there, for its element takes the place of
  // the one that would have heard.
  let asking = false, missed = "";
  const asks = () => { asking = true; };
  const answered = () => {
    asking = false;
    const why = missed;
    missed = "";
    if (why) refresh(why);
  };
  body.addEventListener("htmx:beforeRequest", asks);
  body.addEventListener("htmx:afterRequest", answered);
  const refresh = async (why) => {
    const live = find("[hx-get]");
    if (!live || document.hidden || busy()) return;
    if (asking) { missed = why; return; }
    if (window.htmx) { window.htmx.trigger(body, why); return; }
    if (why === "nexsock:measure" && !("measured" in live.dataset)) return;
    asks();
    const answer = await fetch(live.getAttribute("hx-get"), { headers: { "HX-Request": "true", "HX-Target": live.id } }).catch(() => null);
    if (answer && answer.ok) {
      const text = await answer.text();
      remember();
      live.outerHTML = text;
      if (window.htmx) window.htmx.process(find("[hx-get]")); // it has come since, and knows the old one
      restore();
    }
    answered();
  };
  let due = 0, last = 0;
  const changed = () => {
    if (due) return;
    due = setTimeout(() => { due = 0; last = Date.now(); refresh("nexsock:changed"); }, Math.max(20, last + AGAIN_MS - Date.now()));
  };

  // ------------------------------------------------------------------ events: one stream a page, none while it is hidden
  const connection = find("#connection");
  const say = (text) => { connection.textContent = text; connection.hidden = !text; };
  const streams = [];
  const stream = (open) => {
    let source = null;
    const one = {
      start() { if (!source && !document.hidden) source = open(); },
      stop() { if (source) source.close(); source = null; },
      restart() { one.stop(); one.start(); },
    };
    streams.push(one);
    return one;
  };
  window.nexsock = { find, stream, say, AWAY_MS };
  document.addEventListener("visibilitychange", () => {
    for (const one of streams) if (document.hidden) one.stop(); else one.start();
    if (!document.hidden) changed();
  });
  window.addEventListener("pagehide", () => streams.forEach((one) => one.stop()));
  window.addEventListener("pageshow", (event) => { if (event.persisted) streams.forEach((one) => one.start()); });

  // The file was read: whether it is broken stands above what is shown anew.
  const tellBroken = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    find("#broken").replaceChildren(...find("#broken", page).childNodes);
  };

  if (body.dataset.events && find("[hx-get], [data-away]")) {
    stream(() => {
      const source = new EventSource(body.dataset.events);
      const away = find("[data-away]");
      for (const kind of ["wanted", "phase", "plan", "exit", "probe", "config", "git", "watch", "daemon", "warning", "reset"])
        source.addEventListener(kind, () => { if (away) location.reload(); else changed(); });
      source.addEventListener("config", () => setTimeout(tellBroken, AGAIN_MS));
      source.addEventListener("hello", () => { if (!away) changed(); }); // for what happened before the stream began
      source.addEventListener("away", () => say("The daemon is away; services go on"));
      source.addEventListener("back", () => { say(""); if (away) location.reload(); else changed(); });
      source.onerror = () => say("nexsock web does not answer");
      source.onopen = () => say("");
      return source;
    }).start();
    if (find("[data-away]")) setInterval(async () => {
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (answer && answer.ok) location.reload();
    }, AWAY_MS);
  }
  if (find("[data-measured]")) {
    setTimeout(() => refresh("nexsock:measure"), MEASURE_MS + 700);
    setInterval(() => refresh("nexsock:measure"), MEASURE_MS);
  }

  // ------------------------------------------------------------------ uptimes grow
  const duration = (seconds) => {
    const units = [["d", 86400, "h", 3600], ["h", 3600, "m", 60], ["m", 60, "s", 1]];
    for (const [unit, size, smaller, part] of units) {
      if (seconds < size) continue;
      const rest = Math.floor((seconds % size) / part);
      return Math.floor(seconds / size) + unit + (rest ? ` ${rest}${smaller}` : "");
    }
    return `${seconds}s`;
  };
  if (find("[data-since]") || find("#live")) setInterval(() => {
    if (document.hidden) return;
    const now = Date.now() / 1000;
    for (const one of all("[data-since]")) {
      const text = duration(Math.max(0, Math.round(now - one.dataset.since)));
      if (one.textContent !== text) one.textContent = text;
    }
  }, 1000);

  // ------------------------------------------------------------------ filter
  const sought = find("#filter");
  function filter() {
    if (!sought) return;
    const words = sought.value.toLowerCase();
    for (const row of all("[data-name]")) row.hidden = !row.dataset.name.toLowerCase().includes(words);
    for (const chip of all("[data-filter]")) chip.classList.toggle("chosen", chip.dataset.filter === words);
  }
  if (sought) {
    sought.closest(".filter").hidden = false;
    sought.addEventListener("input", filter);
    // What counts services of one kind shows these, and once more all of them.
    document.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-filter]");
      if (!chip) return;
      event.preventDefault();
      sought.value = sought.value === chip.dataset.filter ? "" : chip.dataset.filter;
      filter();
    });
  }

  // ------------------------------------------------------------------ shortcuts
  const keys = find("#keys"), button = find("#keys-button");
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
  const step = (by) => {
    const links = all("tr[data-name]:not([hidden]) a, .card h2 a").filter((one) => one.closest("th, h2"));
    const place = links.indexOf(document.activeElement);
    const next = links[Math.min(Math.max(place + by, 0), links.length - 1)];
    if (next) next.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
    const to = find(`nav a[data-key="${CSS.escape(event.key)}"]`);
    if (to) to.click();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") keys.showModal();
    else if (event.key === "/") (find("#filter") || find("input[name=grep]") || theme || body).focus();
    else if (event.key === "f" && find("#follow")) find("#follow").click();
    else if (event.key === "w" && find("#wrap")) find("#wrap").click();
    else if (event.key === "d" && theme) useTheme({ "": "dark", dark: "light", light: "" }[theme.value]);
    else return;
    event.preventDefault();
  });
})();
