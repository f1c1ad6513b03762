// The line of a live page to the hall: says when it is broken, mends it, and keeps hall time.
// Other scripts use: Line.up, Line.onUp(f), Line.onSwap(f), Line.onNote(f) (the hall's JSON notes),
// Line.idle (may the page reload itself?), Line.now() (hall time in ms, null before it is known).
"use strict";

const Line = (() => {
  const SILENT_MS = 6000; // the hall beats every 2 s
  const OVER = [4401, 4403, 4404]; // signed out, no right any more, no such page any more
  const line = document.getElementById("line");
  const banner = document.getElementById("link");
  const lamp = document.getElementById("lamp");
  const healed = [];
  const swapped = [];
  const noted = [];
  let heard = performance.now();
  let base = null; // hall time minus this page's monotonic clock
  let version = null;
  const self = { up: null, idle: () => true, onUp: (f) => healed.push(f), onSwap: (f) => swapped.push(f), onNote: (f) => noted.push(f) };

  self.now = () => hallMs();

  function hallMs() {
    return base === null ? null : performance.now() + base;
  }

  function show(up) {
    if (self.up === up) return;
    self.up = up;
    banner.hidden = up;
    lamp.className = up ? "lamp up" : "lamp down";
    lamp.firstElementChild.textContent = up ? "已连接" : "连接中断";
    document.body.toggleAttribute("data-down", !up);
    if (up) healed.forEach((f) => f());
  }

  function read(text) {
    let news;
    try { news = JSON.parse(text); } catch { return; } // fragments: already swapped in
    noted.forEach((f) => f(news));
    if (news.broken) {
      banner.textContent = news.broken;
      banner.hidden = false;
    }
    if (typeof news.at_ms !== "number") return;
    base = news.at_ms - performance.now();
    version ??= news.version;
    if (version !== news.version && self.idle()) location.reload();
  }

  document.addEventListener("htmx:ws:after:message:incoming", (event) => {
    heard = performance.now();
    show(true);
    tick();
    swapped.forEach((f) => f());
    read(event.detail.message.data);
  });
  document.addEventListener("htmx:ws:close", (event) => {
    show(false);
    if (OVER.includes(event.detail.code)) location.reload();
  });

  // A line that was cut without a word (Wi-Fi gone, box switched off) never closes: build it anew.
  setInterval(() => {
    if (performance.now() - heard < SILENT_MS) return;
    show(false);
    heard = performance.now();
    htmx.process(line, true);
  }, 1000);

  const two = (number) => String(number).padStart(2, "0");

  function span(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const minutes = Math.floor(seconds / 60);
    if (minutes >= 60) return `${Math.floor(minutes / 60)}小时${two(minutes % 60)}分`;
    return `${minutes}分${two(seconds % 60)}秒`;
  }

  function tick() {
    const clock = document.querySelector("[data-clock]");
    base ??= Number(clock.dataset.clock) - performance.now();
    const now = hallMs();
    const china = new Date(now + 8 * 3600 * 1000);
    clock.textContent = [china.getUTCHours(), china.getUTCMinutes(), china.getUTCSeconds()].map(two).join(":");
    for (const spot of document.querySelectorAll("[data-from]")) {
      spot.textContent = span((Number(spot.dataset.to) || now) - Number(spot.dataset.from));
    }
    for (const spot of document.querySelectorAll("[data-left]")) {
      const left = Number(spot.dataset.left) - now;
      spot.textContent = left > 0 ? `${span(left)}后返回` : "正在返回队列";
    }
  }

  tick();
  setInterval(tick, 1000);
  return self;
})();
