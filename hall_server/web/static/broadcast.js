// The broadcast dialog: stored texts, how a text will be read, listening here first, and the second press before
// anything urgent. What is sent, and the answer, are manager.js's.
"use strict";

(() => {
  const PAUSE_MS = 400;
  const csrf = document.querySelector("meta[name=csrf]").content;
  const dialog = document.getElementById("dialog-broadcast");
  const form = document.getElementById("broadcast-form");
  const text = document.getElementById("broadcast-text");
  const stored = document.getElementById("broadcast-stored");
  const read = document.getElementById("broadcast-read");
  const left = document.getElementById("broadcast-left");
  const heard = document.getElementById("broadcast-heard");
  const listen = document.getElementById("broadcast-listen");
  const ordinary = document.getElementById("broadcast-ordinary");
  const confirm = document.getElementById("broadcast-confirm");
  const ask = form.querySelector(".ask");
  const longest = text.maxLength;
  let asked = 0;
  let timer = 0;
  let audio = null;
  let playing = null;

  async function post(what, signal) {
    const response = await fetch(`/manager/broadcast/${what}`, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": csrf }, body: JSON.stringify({ text: text.value }), signal });
    if (response.status === 401) return location.reload();
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.sentence || "没有办成，请再试");
    return answer;
  }

  // ---------------------------------------------------------------- how it is read

  function line(said) {
    const row = document.createElement("p");
    const words = document.createElement("b");
    words.textContent = said.words;
    const sound = document.createElement("small");
    sound.textContent = said.trouble || said.pinyin + (said.taught ? "（按本地读音）" : "");
    if (said.trouble) row.className = "wrong-reading";
    row.append(words, sound);
    return row;
  }

  async function preview() {
    const turn = ++asked;
    left.textContent = `${text.value.length} / ${longest} 字`;
    if (!text.value.trim()) return read.replaceChildren();
    try {
      const answer = await post("preview");
      if (turn !== asked || !answer) return;
      read.replaceChildren(...answer.said.map(line));
      if (answer.seconds) left.textContent = `${text.value.length} / ${longest} 字，念一遍约 ${answer.seconds} 秒`;
    } catch {
      if (turn === asked) read.textContent = "暂时看不到会怎样念，可以照常播报";
    }
  }

  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(preview, PAUSE_MS);
  });

  // ---------------------------------------------------------------- stored texts, ordinary or urgent

  function kind(urgent) {
    form.elements.kind.value = urgent ? "urgent" : "";
    if (urgent) form.elements.board.checked = true;
    show();
  }

  function show() {
    ordinary.hidden = form.elements.kind.value === "urgent";
  }

  stored?.addEventListener("change", () => {
    const chosen = stored.selectedOptions[0].dataset;
    text.value = chosen.text ?? "";
    if (chosen.text !== undefined) {
      form.elements.times.value = chosen.times;
      const every = [...form.elements.every.options].findLast((option) => Number(option.value) <= Number(chosen.every));
      form.elements.every.value = every.value;
      kind("urgent" in chosen);
      const blank = text.value.search(/＿|_{2,}/);
      if (blank >= 0) {
        text.focus();
        text.setSelectionRange(blank, blank + text.value.slice(blank).match(/^[＿_]+/)[0].length);
      }
    }
    preview();
  });
  for (const choice of form.elements.kind) choice.addEventListener("change", show);

  // ---------------------------------------------------------------- listening here

  async function sounds() {
    heard.textContent = "正在合成…";
    const answer = await post("listen", AbortSignal.timeout(70000));
    const found = [];
    for (const address of answer.sounds) found.push(await audio.decodeAudioData(await (await fetch(address)).arrayBuffer()));
    return found;
  }

  async function play() {
    if (playing) return stop();
    audio ??= new AudioContext();
    await audio.resume();
    listen.setAttribute("aria-busy", "true");
    try {
      let at = 0;
      const all = await sounds();
      playing = all.map((sound) => {
        const source = audio.createBufferSource();
        source.buffer = sound;
        source.connect(audio.destination);
        source.start(audio.currentTime + 0.05 + at);
        at += sound.duration + 0.4;
        return source;
      });
      playing.at(-1).onended = stop;
      listen.textContent = "停止试听";
      heard.textContent = `正在试听，约 ${Math.round(at)} 秒`;
    } catch (error) {
      heard.textContent = error.name === "TypeError" ? "连不上服务器，请再试" : error.message;
    } finally {
      listen.removeAttribute("aria-busy");
    }
  }

  function stop() {
    for (const source of playing ?? []) {
      source.onended = null;
      source.stop();
    }
    playing = null;
    listen.textContent = "在本机试听";
    heard.textContent = "";
  }

  listen.addEventListener("click", play);
  listen.hidden = !("AudioContext" in window);

  // ---------------------------------------------------------------- the second press before anything urgent

  function step(confirming) {
    ask.hidden = confirming;
    confirm.hidden = !confirming;
  }

  form.addEventListener("before-act", (event) => {
    if (event.detail?.name === "confirmed" || form.elements.kind.value !== "urgent") return;
    event.preventDefault();
    const zones = [...form.querySelectorAll("[name=stations]:checked")].map((box) => box.parentElement.firstChild.nextSibling.textContent.trim());
    document.getElementById("broadcast-said").textContent = text.value;
    document.getElementById("broadcast-where").textContent = zones.length ? `播报区：${zones.join("、")}` : "没有选择播报区，请返回修改";
    confirm.querySelector("[name=confirmed]").disabled = !zones.length;
    step(true);
    document.getElementById("broadcast-back").focus();
  });
  document.getElementById("broadcast-back").addEventListener("click", () => {
    step(false);
    document.getElementById("broadcast-go").focus();
  });
  dialog.addEventListener("close", () => {
    stop();
    step(false);
  });
  show();
})();
