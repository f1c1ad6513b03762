/* The wall screen: asks quietly every five seconds, changes only what differs, says when it could not. */
"use strict";
(() => {
  const EVERY_MS = 5000, LATE_MS = 15000;
  const charts = { issued: hallChart(document.getElementById("plot-issued")), waited: hallChart(document.getElementById("plot-waited")) };
  const state = document.getElementById("wall-state");
  let good = Date.now(), drawn = "";

  function plot() {
    const text = document.getElementById("wall-data").textContent;
    const size = Math.max(11, parseFloat(getComputedStyle(document.body).fontSize) * 1.35);
    if (text + size === drawn) return;
    drawn = text + size;
    const told = JSON.parse(text);
    for (const [name, sort] of [["issued", "count"], ["waited", "time"]]) {
      charts[name].show({ labels: told.labels, flowing: true, dark: true, plain: true, ticks: 3, size, series: [
        { name: "今天", sort, values: told[name].now, area: true },
        { name: "往常", sort, values: told[name].usual, past: true },
      ] });
    }
  }

  function swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[id^=wall-]")) {
      const old = document.getElementById(part.id);
      if (old && old.outerHTML !== part.outerHTML) old.replaceWith(part);
    }
  }

  async function ask() {
    try {
      const answer = await fetch("/wall/now", { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000), redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) { location.href = "/sign-in?next=/wall"; return; }
      if (!answer.ok) throw new Error(String(answer.status));
      swap(await answer.text());
      plot();
      good = Date.now();
    } catch (_) {
      // the state below says since when
    }
    const late = Date.now() - good > LATE_MS;
    state.classList.toggle("late", late);
    state.textContent = late ? `连接中断，数字停在 ${new Date(good).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" })}` : "实时";
    setTimeout(ask, EVERY_MS);
  }

  plot();
  addEventListener("resize", plot);
  setTimeout(ask, EVERY_MS);
})();
