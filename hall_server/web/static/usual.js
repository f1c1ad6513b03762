// Today against usual: two plots, a sentence and a table of the same figures, anew each minute.
"use strict";

(() => {
  const EVERY_MS = 60000;
  let plots = null;

  const clock = (half) => `${String(Math.floor(half / 2)).padStart(2, "0")}:${half % 2 ? "30" : "00"}`;
  const sum = (values, to) => values.slice(0, to + 1).reduce((a, b) => a + b, 0);
  const minutes = (value) => (value === null ? "—" : `${value} 分`);

  function row(cells) {
    const line = document.createElement("tr");
    for (const cell of cells) line.append(Object.assign(document.createElement("td"), { textContent: cell }));
    return line;
  }

  function show(told) {
    const halves = [];
    for (let half = told.first; half <= told.last; half++) halves.push(half);
    const labels = halves.map(clock);
    const now = new Date(Number(document.querySelector("[data-clock]").dataset.clock) + performance.now() + 8 * 3600000);
    const past = now.getUTCHours() * 2 + (now.getUTCMinutes() >= 30 ? 1 : 0);
    const today = (half, value) => (half > past ? null : value);
    plots ??= { arrivals: hallChart(document.getElementById("plot-arrivals")), waits: hallChart(document.getElementById("plot-waits")) };
    const both = (series) => (told.days ? series : series.slice(0, 1)); // a first day has nothing to stand beside
    plots.arrivals.show({ labels, flowing: true, series: both([
      { name: "今天", sort: "count", values: halves.map((h) => today(h, told.today.arrivals[h])), area: true },
      { name: "往常", sort: "count", values: halves.map((h) => told.usual.arrivals[h]), past: true }]) });
    const seconds = (value) => (value === null ? null : value * 60);
    plots.waits.show({ labels, flowing: true, series: both([
      { name: "今天", sort: "time", values: halves.map((h) => seconds(today(h, told.today.waits[h]))), area: true },
      { name: "往常", sort: "time", values: halves.map((h) => seconds(told.usual.waits[h])), past: true }]) });
    document.getElementById("usual-days").textContent = told.days ? `往常为前 ${told.days} 个同一星期几的平均` : "还没有往常的数据";
    const so = sum(told.today.arrivals, past);
    const usual = Math.round(sum(told.usual.arrivals, past));
    document.getElementById("usual-said").textContent = told.days ? `到现在取号 ${so} 人，往常此时 ${usual} 人。` : `到现在取号 ${so} 人。`;
    document.getElementById("usual-rows").replaceChildren(...halves.map((h) => row([clock(h), h > past ? "—" : told.today.arrivals[h], told.usual.arrivals[h], h > past ? "—" : minutes(told.today.waits[h]), minutes(told.usual.waits[h])])));
  }

  async function follow() {
    try {
      const response = await fetch("/manager/usual");
      if (response.ok) show(await response.json());
    } catch { /* the line says that the hall is away; the next minute asks again */ }
    setTimeout(follow, EVERY_MS);
  }
  follow();
})();
