/* The pages of reports: plot, sorting, files that say when they are made, and the way to a number. */
"use strict";
(() => {
  const by = id => document.getElementById(id);

  function plot() {
    const data = by("plot-data");
    if (!data) return;
    const told = JSON.parse(data.textContent), pick = by("plot-what"), box = by("plot-canvas");
    for (const one of told.series) pick.add(new Option(one.title, one.id));
    const chart = hallChart(box);
    const first = told.series.find(one => one.sort === "time") || told.series[0];
    pick.value = first.id;
    const show = () => {
      const one = told.series.find(s => s.id === pick.value);
      const series = [{ name: one.title, sort: one.sort, values: one.now, area: told.flowing }];
      if (told.against) series.push({ name: told.against, sort: one.sort, values: one.then, past: true });
      if (!told.flowing) box.style.height = `${Math.max(220, told.labels.length * (told.against ? 46 : 34) + 70)}px`;
      chart.show({ labels: told.labels, flowing: told.flowing, series });
      by("plot-said").textContent = sentence(told, one);
    };
    pick.addEventListener("change", show);
    show();
  }

  function sentence(told, one) {
    const known = one.now.map((v, n) => [v, told.labels[n]]).filter(([v]) => v !== null);
    if (!known.length) return `${one.title}：没有数值。`;
    const high = known.reduce((a, b) => (b[0] > a[0] ? b : a)), low = known.reduce((a, b) => (b[0] < a[0] ? b : a));
    const more = told.left ? `另有 ${told.left} 组见下表。` : "";
    return `${one.title}：最高 ${high[1]}，${hallSaid(one.sort, high[0])}；最低 ${low[1]}，${hallSaid(one.sort, low[0])}。全部数值见下表。${more}`;
  }

  function sorting() {
    const table = by("report");
    if (!table) return;
    const body = table.tBodies[0], original = [...body.rows];
    const buttons = columns(table);
    buttons.forEach((button, n) => button.addEventListener("click", () => {
      const head = button.closest("th"), now = head.getAttribute("aria-sort");
      const next = now === "descending" ? "ascending" : now === "ascending" ? "" : "descending";
      for (const each of buttons) each.closest("th").removeAttribute("aria-sort");
      if (next) head.setAttribute("aria-sort", next);
      body.append(...(next ? sorted(original, n, next === "descending" ? -1 : 1) : original));
    }));
  }

  /* Buttons in the order of the cells below them: heads of two rows stand above those of one. */
  function columns(table) {
    const [top, under] = table.tHead.rows, below = [...under.cells], found = [];
    for (const head of top.cells) {
      if (head.rowSpan > 1) found.push(head.querySelector(".sort"));
      else for (let n = 0; n < head.colSpan; n += 1) found.push(below.shift().querySelector(".sort"));
    }
    return found;
  }

  function sorted(rows, n, way) {
    const value = row => row.cells[n].dataset.value, figure = rows.every(r => value(r) === "" || !Number.isNaN(Number(value(r))));
    return [...rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return way * (figure ? x - y : a.cells[n].textContent.localeCompare(b.cells[n].textContent, "zh-CN"));
    });
  }

  function files() {
    const box = by("files");
    if (!box) return;
    const say = words => { by("file-said").textContent = words; };
    box.addEventListener("click", async press => {
      const link = press.target.closest("a");
      if (!link) return;
      press.preventDefault();
      if (box.dataset.busy) { say("上一份还在生成，请稍候"); return; }
      box.dataset.busy = "1";
      say(`正在生成${link.textContent}…`);
      try {
        const answer = await fetch(link.href, { headers: { Accept: "application/json" } });
        if (!answer.ok) { say((await answer.json()).sentence || "没有生成，请稍后再试"); return; }
        const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
        const file = URL.createObjectURL(await answer.blob());
        Object.assign(document.createElement("a"), { href: file, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(file), 60000);
        say(`已导出 ${name}`);
      } catch (_) {
        say("网络中断，文件没有导出，请重试");
      } finally {
        delete box.dataset.busy;
      }
    });
  }

  function find() {
    const form = by("find");
    if (form) form.addEventListener("submit", press => {
      press.preventDefault();
      const number = by("find-number").value.trim();
      if (number) location.href = `/reports/visits/${encodeURIComponent(number)}`;
    });
  }

  plot();
  sorting();
  files();
  find();
})();
