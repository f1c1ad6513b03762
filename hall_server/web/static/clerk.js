// The clerk's page: keys and buttons, one press at a time, each with a request id made before the send.
// What the page shows comes over the line from what is committed; a press only adds one sentence.
"use strict";

(() => {
  const RETRY_MS = 1000;
  const SHOWN_MS = 1000; // how long an answer waits for its picture
  const GIVE_UP_MS = 30000;
  const CALM_MS = 350; // the same press again right after its answer is a slip of the finger
  const line = document.getElementById("line");
  const say = document.getElementById("say");
  const more = document.getElementById("link-more");
  const UNSEEN = ["open", "pause", "close", "return", "help", "endings-read"]; // not about the number at the window
  const FIGURED = ["next", "finish", "no-show", "undo", "call-ticket"]; // these change today's figures
  const window_ = line.dataset.window;
  const ticks = { ticket: "", wanted: null }; // papers that the clerk ticked and the hall has not confirmed
  let press = null; // the press under way
  let last = { action: "", ended: 0 };
  let quiet = null; // clears the last sentence

  // ---------------------------------------------------------------- sending

  function submit(action, words, fields) {
    if (press) return;
    const seen = UNSEEN.includes(action) ? {} : { seen: document.getElementById("ticket").dataset.ticket };
    press = { action, text: words.text, done: words.done, begun: performance.now(), body: { request: Press.ulid(), ...seen, ...fields } };
    tell("", "");
    paint();
    send();
  }

  async function send() {
    const mine = press;
    mine.sending = true;
    try {
      const { ok, status, answer } = await Press.post(`/api/windows/${window_}/${mine.action}`, mine.body);
      if (ok) answered(mine, answer);
      else if (status === 401) location.reload(); // signed out meanwhile: to the sign-in page
      else if (status !== 503) finish(mine, "bad", answer.sentence || "操作未完成，请再试");
      else later(mine);
    } catch {
      later(mine); // nobody knows whether it arrived: the same request again
    } finally {
      mine.sending = false;
    }
  }

  function later(mine) {
    if (press !== mine) return;
    if (performance.now() - mine.begun > GIVE_UP_MS) {
      finish(mine, "bad", `“${mine.text}”未得到确认，请以画面为准，核对后重新操作`);
      return;
    }
    tell("bad", `连接中断，“${mine.text}”未提交，恢复后自动重试`);
    mine.timer = setTimeout(retry, RETRY_MS);
  }

  function retry() {
    if (!press || press.sending || press.answered) return;
    clearTimeout(press.timer);
    if (Line.up) send();
    else later(press);
  }

  // What is done is told on two ways: over the line behind its picture, and as the answer. The line comes
  // first as a rule; when it is silent, the answer counts a little later.
  function answered(mine, answer) {
    mine.answered = true;
    setTimeout(() => finish(mine, "good", success(mine, answer)), SHOWN_MS);
  }

  function done(news) {
    if (press && press.body.request === news.done) finish(press, "good", success(press, news));
  }

  function finish(mine, kind, sentence) {
    if (press !== mine) return;
    press = null;
    last = { action: mine.action, ended: performance.now() };
    if (mine.action === "papers" && kind === "bad") ticks.wanted = null;
    tell(kind, mine.action === "papers" && kind === "good" ? "" : sentence);
    paint();
    if (FIGURED.includes(mine.action)) figures();
    tick();
  }

  function success(mine, answer) {
    if (mine.action === "next" && !answer.number) return "已办结，暂无等待";
    return `${mine.done} ${answer.number}`.trim();
  }

  // ---------------------------------------------------------------- showing

  function tell(kind, sentence) {
    say.className = kind;
    say.textContent = sentence;
    clearTimeout(quiet);
    if (!press) quiet = setTimeout(() => tell("", ""), kind === "good" ? 5000 : 12000);
  }

  function paint() {
    document.body.toggleAttribute("data-pending", press !== null);
    for (const button of document.querySelectorAll(".act")) {
      const same = press && button.dataset.action === press.action && (button.dataset.ticket || "") === (press.body.ticket || "");
      button.setAttribute("aria-busy", same ? "true" : "false");
    }
    for (const paper of document.querySelectorAll(".paper")) {
      const want = ticks.wanted ? ticks.wanted.has(paper.dataset.paper) : paper.ariaChecked === "true";
      paper.toggleAttribute("data-waiting", want !== (paper.ariaChecked === "true"));
    }
    more.textContent = press ? `“${press.text}”未提交，恢复后自动重试` : "操作未提交";
  }

  // ---------------------------------------------------------------- pressing

  function pressed(button) {
    if (button.matches("a")) return window.open(button.href, "_blank", "noopener");
    if (button.matches(".paper")) return toggle(button);
    if (button.dataset.look) return look(button.dataset.look);
    if (press) return;
    if (last.action === button.dataset.action && performance.now() - last.ended < CALM_MS) return;
    if (!Line.up) return tell("bad", `连接中断，“${button.dataset.text}”未提交`);
    if (button.getAttribute("aria-disabled") === "true") return tell("bad", button.dataset.why);
    const nobody = button.dataset.action === "close" && !present().dataset.ticket;
    if (button.dataset.dialog && !nobody) return ask(button.dataset.dialog);
    submit(button.dataset.action, button.dataset, {
      ...(button.dataset.ticket && { ticket: button.dataset.ticket }),
      ...(button.dataset.reason && { reason: button.dataset.reason }),
    });
  }

  const present = () => document.getElementById("ticket");

  // ---------------------------------------------------------------- papers: as fast as one can tick, in order

  const papers = () => [...document.querySelectorAll(".paper")];
  const checked = () => papers().filter((p) => p.ariaChecked === "true").map((p) => p.dataset.paper);

  function toggle(paper) {
    if (!Line.up) return tell("bad", `连接中断，“${paper.dataset.paper}”未记录`);
    if (paper.ariaDisabled === "true") return tell("bad", "请先按“到窗”，再收件");
    if (ticks.ticket !== present().dataset.ticket || !ticks.wanted) {
      ticks.ticket = present().dataset.ticket;
      ticks.wanted = new Set(checked());
    }
    if (!ticks.wanted.delete(paper.dataset.paper)) ticks.wanted.add(paper.dataset.paper);
    paint();
    tick();
  }

  function tick() {
    if (!ticks.wanted || press) return;
    const now = checked();
    const same = now.length === ticks.wanted.size && now.every((name) => ticks.wanted.has(name));
    if (ticks.ticket !== present().dataset.ticket || same) {
      ticks.wanted = null;
      return paint();
    }
    submit("papers", { text: "收件", done: "已收件" }, { papers: [...ticks.wanted] });
  }

  // ---------------------------------------------------------------- looking something up

  async function fetched(path) {
    const response = await fetch(`/clerk/${window_}/${path}`);
    if (!response.ok) throw new Error(response.status);
    return response;
  }

  async function look(name) {
    const dialog = document.getElementById(`dialog-${name}`);
    const place = dialog.querySelector(".fetched");
    place.textContent = "正在读取…";
    ask(name);
    try {
      place.innerHTML = await (await fetched(name)).text();
      const first = place.querySelector("input:enabled");
      if (first) first.focus();
    } catch {
      place.textContent = "读取不到，请关闭后再试";
    }
  }

  async function why(ticket) {
    const spot = document.getElementById("why");
    try {
      const found = await (await fetched(`why/${ticket}`)).json();
      spot.textContent = found.sentence + (found.refusal ? ` 现在不能直接呼叫：${found.refusal}` : "");
    } catch {
      spot.textContent = "读取不到原因，请再选一次";
    }
  }

  async function targets(dialog) {
    const select = dialog.querySelector("[name=to]");
    select.replaceChildren(new Option("不指定", ""));
    try {
      dialog.places = await (await fetched("targets")).json();
      offer(dialog);
    } catch { /* the services alone are still there */ }
  }

  function offer(dialog) {
    const select = dialog.querySelector("[name=to]");
    const service = new FormData(dialog.querySelector("form")).get("service") || present().dataset.service;
    const kept = select.value;
    const options = [new Option("不指定", "")];
    for (const w of dialog.places || []) {
      if (!w.services.includes(service)) continue;
      options.push(new Option(`${w.label} ${w.name}${w.open ? "" : "（暂停）"}`, `window:${w.window}`));
      if (w.clerk) options.push(new Option(`工号 ${w.clerk}（现在在${w.label}）`, `clerk:${w.clerk}`));
    }
    select.replaceChildren(...options);
    select.value = options.some((option) => option.value === kept) ? kept : "";
  }

  async function figures() {
    const spot = document.getElementById("today");
    try {
      const t = await (await fetched("today")).json();
      const mean = t.mean_minutes < 0 ? "" : ` · 平均 ${t.mean_minutes} 分`;
      spot.textContent = `今日办理 ${t.served} · 未办成 ${t.no_result} · 过号 ${t.passed}${mean}`;
      spot.hidden = false;
    } catch {
      spot.hidden = true;
    }
  }

  function lacking(dialog) {
    const place = document.querySelector("#lacking div");
    place.replaceChildren(...papers().map((paper) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = "missing";
      box.value = paper.dataset.paper;
      box.checked = paper.dataset.needed === "yes" && paper.ariaChecked !== "true";
      const word = document.createElement("span");
      word.textContent = paper.dataset.paper;
      label.append(box, word);
      return label;
    }));
    outcome(dialog);
  }

  function outcome(dialog) {
    const chosen = new FormData(dialog.querySelector("form")).get("outcome");
    const wanted = ["missing_material", "missing_accepted"].includes(chosen) && papers().length > 0;
    document.getElementById("lacking").hidden = !wanted;
  }

  function ask(name) {
    const dialog = document.getElementById(`dialog-${name}`);
    const ticket = document.getElementById("ticket");
    dialog.querySelector("form")?.reset();
    dialog.dataset.ticket = ticket.dataset.ticket;
    for (const spot of dialog.querySelectorAll(".whom")) spot.textContent = ticket.dataset.number;
    for (const choice of dialog.querySelectorAll("[name=service]")) choice.disabled = choice.value === ticket.dataset.service;
    if (name === "finish") lacking(dialog);
    if (name === "transfer") targets(dialog);
    if (name === "waiting") document.getElementById("why").textContent = "选一个号，看它为什么还没被叫到。";
    dialog.showModal();
    const first = dialog.querySelector("input:checked") || dialog.querySelector("input:enabled:not([type=hidden])") || dialog.querySelector(".go") || dialog.querySelector("button");
    first.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".act, .paper, .look, [data-close]");
    if (!button || button.matches("a")) return;
    if (button.hasAttribute("data-close")) return button.closest("dialog").close();
    if (event.detail > 0) button.blur(); // so that the space bar stays 下一位 after a click
    if (event.detail < 2) pressed(button); // the second half of a double click is no press
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.action) return; // an ordinary form, such as the one that signs out
    event.preventDefault();
    const data = new FormData(form);
    const fields = Object.fromEntries(data);
    if (fields.minutes) fields.minutes = Number(fields.minutes);
    if (fields.park) fields.park = true;
    if (form.dataset.action === "finish") fields.missing = document.getElementById("lacking").hidden ? [] : data.getAll("missing");
    if (form.dataset.action === "transfer") {
      const [kind, name] = fields.to.split(":");
      if (name) fields[`to_${kind}`] = name;
      fields.come_back = Boolean(fields.come_back);
      delete fields.to;
    }
    if (["call-ticket", "return"].includes(form.dataset.action) && !fields.ticket) return tell("bad", "请先选一个号");
    form.closest("dialog").close();
    if (form.dataset.action === "endings-read") {
      fields.tickets = data.getAll("tickets");
      if (!fields.tickets.length) return;
    }
    submit(form.dataset.action, form.dataset, fields);
  });

  document.addEventListener("change", (event) => {
    const dialog = event.target.closest("dialog");
    if (!dialog) return;
    if (event.target.name === "outcome") outcome(dialog);
    if (event.target.name === "service") offer(dialog);
    if (event.target.name === "ticket" && dialog.id === "dialog-waiting") why(event.target.value);
  });

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) return inDialog(dialog, event);
    const focused = document.activeElement;
    const own = focused && focused !== document.body && focused.matches("a, button, input, textarea, select");
    if (own && (event.key === " " || event.key === "Enter")) return; // a focused control keeps its own keys
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const button = [...document.querySelectorAll("[data-keys]")].find((b) => b.dataset.keys.split("|").includes(key));
    if (!button || button.hidden) return;
    event.preventDefault();
    pressed(button);
  });

  function inDialog(dialog, event) {
    const writing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
    const choices = dialog.querySelectorAll("input[type=radio]");
    if (!writing && /^[1-9]$/.test(event.key) && dialog.querySelector("label kbd") && choices[event.key - 1]) {
      event.preventDefault();
      choices[event.key - 1].click();
      choices[event.key - 1].focus();
    } else if (event.key === "Enter" && !event.shiftKey && !event.target.matches("button")) {
      const form = dialog.querySelector("form");
      if (!form) return;
      event.preventDefault();
      form.requestSubmit();
    }
  }

  // ---------------------------------------------------------------- the line

  Line.idle = () => press === null && !document.querySelector("dialog[open]");
  Line.onUp(retry);
  Line.onNote((news) => news.done && done(news));
  Line.onSwap(() => {
    paint();
    count();
    tick();
    const ticket = document.getElementById("ticket").dataset.ticket;
    const dialog = document.querySelector("dialog[open]:not(#dialog-pause, #dialog-help, #dialog-passed, #dialog-endings)");
    if (dialog && dialog.dataset.ticket !== ticket) {
      dialog.close();
      tell("bad", "窗口的号已变化，操作未提交，请核对后再操作");
    }
  });

  // ---------------------------------------------------------------- undo: the seconds that are left

  function count() {
    const button = document.getElementById("do-undo");
    const until = Number(button.dataset.until || 0);
    const left = Math.ceil((until - (Line.now() ?? 0)) / 1000);
    button.hidden = !until || left <= 0;
    button.querySelector("[data-seconds]").textContent = button.hidden ? "" : `${left} 秒`;
  }

  setInterval(count, 500);
  setInterval(figures, 60000);
  figures();
  count();
  paint();
})();
