// A log that follows: lines as they come, in their colours, as many as can be read. The page shows what was without.
"use strict";
(() => {
  const { find, stream, say, AWAY_MS } = window.nexsock;
  const KEPT_LINES = 1500, READ_LINES = 5000, TINTS = 6, DRAW_MS = 100, TYPING_MS = 300;
  const log = find("#log");
  const form = find("#log-form"), follow = find("#follow"), wrap = find("#wrap"), note = find("#skipped"), newest = find("#newest");
  const names = (log.dataset.names || "").split(" "), many = "names" in log.dataset;
  const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/][0-~])?|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]/g;
  const clock = (at) => {
    const moment = new Date(at), two = (number) => String(number).padStart(2, "0");
    return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${String(moment.getMilliseconds()).padStart(3, "0")}`;
  };
  // As nexsock/web/pages/log_lines.py: colours of the terminal as classes.
  const hue = (...parts) => {
    const most = Math.max(...parts, 1);
    return `a${parts.reduce((sum, part, bit) => sum + (part * 3 > most * 2 ? 1 << bit : 0), 0)}`;
  };
  const nearest = (codes) => {
    const kind = codes.shift() || 0, number = codes.shift() || 0;
    if (kind === 2) return hue(number, codes.shift() || 0, codes.shift() || 0);
    if (number < 16) return `a${number % 8}`;
    if (number < 232) return hue(Math.floor((number - 16) / 36), Math.floor((number - 16) / 6) % 6, (number - 16) % 6);
    return number < 244 ? "a0" : "a7";
  };
  const paint = (look, text) => {
    const codes = text.split(/[;:]/).map(Number);
    while (codes.length) {
      const code = codes.shift();
      if (code === 0) look.weight = look.colour = "";
      else if (code === 1) look.weight = "ab";
      else if (code === 2) look.weight = "ad";
      else if (code === 22) look.weight = "";
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) look.colour = `a${code % 10}`;
      else if (code === 38) look.colour = nearest(codes);
      else if (code === 39) look.colour = "";
      else if (code === 48) nearest(codes);
    }
  };
  const write = (into, text) => {
    if (!text.includes("\x1b")) { into.textContent = text.replace(escapes, ""); return; }
    const look = { weight: "", colour: "" };
    text.split(/\x1b\[([0-9;:]*)m/).forEach((part, place) => {
      if (place % 2) { paint(look, part); return; }
      const plain = part.replace(escapes, "");
      if (!plain) return;
      if (!look.weight && !look.colour) { into.append(plain); return; }
      const piece = document.createElement("i");
      piece.className = `${look.weight} ${look.colour}`;
      piece.textContent = plain;
      into.append(piece);
    });
  };
  const drawn = (line) => {
    const row = document.createElement("div"), time = document.createElement("time"), text = document.createElement("span");
    row.className = `line ${line.stream}`;
    time.textContent = clock(line.at);
    write(text, line.text.replace(/\r+$/, "").replace(/^[^]*\r/, ""));
    row.append(time);
    if (many) {
      const name = document.createElement("b");
      name.textContent = name.title = line.service;
      name.className = `t${Math.max(names.indexOf(line.service), 0) % TINTS}`;
      row.append(name);
    }
    row.append(text);
    return row;
  };
  let waiting = [], skipped = 0, fresh = false, drawing = 0, cost = 0, kept = KEPT_LINES;
  // At the end it stays there, until somebody scrolls up. Rows get their height when they come into sight, so one look
  // at it is not enough.
  let pinned = true, placed = 0;
  const settle = () => {
    if (!pinned) return;
    log.scrollTop = log.scrollHeight;
    placed = log.scrollTop;
  };
  const toEnd = () => { pinned = true; settle(); requestAnimationFrame(() => { settle(); requestAnimationFrame(settle); }); };
  log.addEventListener("scroll", () => {
    pinned = log.scrollHeight - log.scrollTop - log.clientHeight < 40 || (pinned && log.scrollTop >= placed);
    newest.hidden = pinned;
  }, { passive: true });
  const draw = () => {
    const begun = performance.now();
    drawing = 0;
    if (fresh) pinned = true;
    if (waiting.length > kept) waiting = waiting.slice(-kept);
    const rows = document.createDocumentFragment();
    for (const line of waiting) rows.append(drawn(line));
    waiting = [];
    if (fresh) { log.replaceChildren(); fresh = false; }
    log.append(rows);
    // What somebody reads is left where it is, within bounds.
    while (log.childElementCount > (pinned ? kept : Math.max(kept, READ_LINES))) log.firstElementChild.remove();
    if (pinned) toEnd();
    note.textContent = skipped ? `${skipped.toLocaleString("en")} lines came too fast to be shown; they are in the file` : "";
    cost = performance.now() - begun; // clicks are answered in three quarters of the time, whatever the flood
  };
  const query = () => {
    const chosen = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...chosen]) if (!value) chosen.delete(name);
    return chosen;
  };
  const following = stream(() => {
    const chosen = query();
    kept = Math.max(Number(chosen.get("lines")), KEPT_LINES);
    const source = new EventSource(`${log.dataset.follow}?${chosen}`);
    fresh = true;
    skipped = 0;
    note.textContent = "";
    form.grep.removeAttribute("aria-invalid");
    source.addEventListener("lines", (event) => {
      const batch = JSON.parse(event.data);
      skipped += batch.skipped || 0;
      waiting.push(...batch.lines);
      if (!drawing) drawing = setTimeout(() => requestAnimationFrame(draw), Math.max(DRAW_MS, cost * 3));
    });
    source.addEventListener("problem", (event) => {
      const told = JSON.parse(event.data);
      note.textContent = told.error.message;
      log.dataset.empty = "";
      source.close();
      if (told.error.code === "usage") form.grep.setAttribute("aria-invalid", "true");
      else setTimeout(() => { if (follow.checked && log.isConnected) following.restart(); }, AWAY_MS); // the daemon comes back
    });
    source.onerror = () => say("nexsock web does not answer");
    source.onopen = () => say("");
    return source;
  });
  follow.closest("label").hidden = wrap.closest("label").hidden = false;
  find("#show").hidden = true;
  wrap.addEventListener("change", () => { log.classList.toggle("long", !wrap.checked); if (pinned) toEnd(); });
  newest.hidden = true;
  newest.addEventListener("click", (event) => { event.preventDefault(); toEnd(); log.focus(); });
  const switched = () => { if (follow.checked) following.start(); else following.stop(); };
  follow.addEventListener("change", switched);
  document.addEventListener("visibilitychange", () => { if (!follow.checked) following.stop(); });
  let typing = 0;
  const choose = () => {
    clearTimeout(typing);
    history.replaceState(null, "", `${form.getAttribute("action")}?${query()}`);
    log.dataset.empty = form.grep.value ? "No line matches." : "Nothing has been written yet.";
    log.replaceChildren();
    if (follow.checked) following.restart(); else form.submit();
  };
  form.addEventListener("input", (event) => {
    if (!event.target.name) return;
    clearTimeout(typing);
    typing = setTimeout(choose, TYPING_MS);
  });
  form.addEventListener("submit", (event) => { if (follow.checked) { event.preventDefault(); choose(); } });
  toEnd();
  switched();
})();
