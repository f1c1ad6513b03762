// Phone page of a ticket: asks every 10 s how it stands, makes itself felt when the number is called, and sends
// what is pressed: what does not get through is told here, and pressed again under the same request id.
// Old phones: nothing newer than ES5 here; sound, vibration and a waking screen only where the browser has them.
(function () {
  "use strict";
  var now = document.getElementById("now");
  var wrong = document.getElementById("wrong");
  var broken = document.getElementById("broken");
  var remind = document.getElementById("remind");
  var reminding = document.getElementById("reminding");
  var flash = document.getElementById("flash");
  var Sound = window.AudioContext || window.webkitAudioContext;
  var title = document.title;
  var sound = null, lock = null, silent = false, on = false, tapped = false;
  var told = remembered();
  var asking = null, came = null;

  // a browser lets a page vibrate only once it has been touched
  document.addEventListener("click", function () { tapped = true; }, true);
  document.addEventListener("touchend", function () { tapped = true; }, true);

  function state() { return document.getElementById("state"); }
  function called() { return state().getAttribute("data-call"); }
  function waits() { var s = state().getAttribute("data-status"); return s === "waiting" || s === "parked"; }
  function remembered() { try { return sessionStorage.getItem("told") || ""; } catch (e) { return ""; } }
  function remember(call) { told = call; try { sessionStorage.setItem("told", call); } catch (e) { return; } }

  // ---- how it stands

  function read(html) {
    var fresh = document.createElement("div");
    fresh.innerHTML = html;
    return fresh;
  }

  function take(fresh, anew) {
    var next = fresh.querySelector("#state"), before = state().getAttribute("data-phase");
    if (!next) { return; }
    var same = !anew && next.getAttribute("data-phase") === before;
    swap(fresh, "place");
    swap(fresh, "facts");
    if (!same) { swap(fresh, "acts"); }
    state().parentNode.replaceChild(next, state());
    look();
  }

  function swap(fresh, id) {
    var old = document.getElementById(id), part = fresh.querySelector("#" + id);
    if (old && part && old.innerHTML !== part.innerHTML) { old.innerHTML = part.innerHTML; }
  }

  function ask() {
    if (asking) { return; }
    var request = asking = new XMLHttpRequest();
    request.open("GET", now.getAttribute("data-address"));
    request.timeout = 20000;
    request.onload = function () {
      asking = null;
      if (request.status === 200) {
        broken.hidden = true;
        take(read(request.responseText), false);
      } else if (request.status === 404) {
        location.reload();
      } else {
        broken.hidden = false;
      }
    };
    request.onerror = request.ontimeout = function () { asking = null; broken.hidden = false; };
    request.send();
  }

  // ---- what is pressed

  function fields(form) {
    var all = [], i, one;
    for (i = 0; i < form.elements.length; i += 1) {
      one = form.elements[i];
      if (one.name && (one.checked || !/^(radio|checkbox)$/.test(one.type))) {
        all.push(encodeURIComponent(one.name) + "=" + encodeURIComponent(one.value));
      }
    }
    return all.join("&");
  }

  function tell(sentence) {
    wrong.textContent = sentence;
    wrong.hidden = !sentence;
    window.scrollTo(0, 0);
  }

  function send(form) {
    var request = new XMLHttpRequest(), press = form.querySelector(".press");
    form.setAttribute("data-sent", "1");
    press.disabled = true;
    wrong.hidden = true;
    request.open("POST", form.getAttribute("action"));
    request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.setRequestHeader("Accept", "text/html");
    request.timeout = 20000;
    request.onload = function () {
      var fresh = read(request.responseText), refused = fresh.querySelector("#wrong");
      free();
      if (!fresh.querySelector("#state")) { location.reload(); return; }
      broken.hidden = true;
      take(fresh, true);
      tell(refused ? refused.textContent : "");
      back(press);
    };
    request.onerror = request.ontimeout = function () {
      free();
      tell("网络不通，没有送出去。请过一会儿再按一次。");
    };
    function free() { form.removeAttribute("data-sent"); press.disabled = false; }
    request.send(fields(form));
  }

  // ---- being called

  function look() {
    var call = called();
    remind.hidden = on || !waits();
    reminding.hidden = !on || !waits();
    if (!call) { quiet(); if (!waits()) { letSleep(); } return; }
    if (call !== told) { remember(call); alarm(); }
  }

  function alarm() {
    var at = state();
    write("flash-number", at.getAttribute("data-number"));
    write("flash-window", at.getAttribute("data-window"));
    write("flash-where", at.getAttribute("data-where"));
    if (flash.hidden) { came = document.activeElement; }
    flash.hidden = false;
    document.getElementById("flash-ok").focus();
    document.title = "【叫到您了】" + title;
    if (tapped && navigator.vibrate) { navigator.vibrate([700, 300, 700, 300, 700, 300, 1200]); }
    if (sound && !silent) { ring(); }
  }

  function quiet() {
    var was = !flash.hidden;
    flash.hidden = true;
    document.title = title;
    if (was) { back(came); }
  }

  // who works by keys goes on where he was, or at the number when that is not there any more
  function back(to) {
    (to && to !== document.body && document.body.contains(to) ? to : document.getElementById("place")).focus();
  }

  function write(id, text) { document.getElementById(id).textContent = text || ""; }

  function ring() {
    var i, at = sound.currentTime;
    for (i = 0; i < 6; i += 1) { tone(i % 2 ? 660 : 880, at + i * 0.45, 0.4); }
  }

  function tone(hertz, at, seconds) {
    var wave = sound.createOscillator(), volume = sound.createGain();
    wave.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.linearRampToValueAtTime(0.6, at + 0.03);
    volume.gain.linearRampToValueAtTime(0.0001, at + seconds);
    wave.connect(volume);
    volume.connect(sound.destination);
    wave.start(at);
    wave.stop(at + seconds);
  }

  // ---- the one tap that a browser wants before it may sound, and the screen that shall not go dark

  function allow(loud) {
    silent = !loud;
    on = true;
    if (loud && Sound) {
      sound = sound || new Sound();
      if (sound.resume) { sound.resume(); }
      tone(880, sound.currentTime, 0.25);
    }
    if (navigator.vibrate) { navigator.vibrate(200); }
    keepAwake();
    reminding.textContent = said(loud);
    look();
  }

  function said(loud) {
    var how = [];
    if (loud && Sound) { how.push("响铃"); }
    if (navigator.vibrate) { how.push("震动"); }
    how.push("屏幕变红");
    return "提醒已打开：叫到您时" + how.join("、") + "。请让这个页面开着" +
      (navigator.wakeLock ? "。" : "，不要锁屏。");
  }

  function keepAwake() {
    if (!on || lock || !navigator.wakeLock || document.hidden || !waits()) { return; }
    navigator.wakeLock.request("screen").then(function (got) {
      lock = got;
      lock.addEventListener("release", function () { lock = null; });
    }, function () { lock = null; });
  }

  function letSleep() { if (lock) { lock.release(); lock = null; } }

  remind.addEventListener("click", function (event) {
    var pressed = event.target.getAttribute("data-sound");
    if (pressed !== null) { allow(pressed === "1"); }
  });
  document.getElementById("flash-ok").addEventListener("click", quiet);
  document.addEventListener("keydown", function (event) { if (event.keyCode === 27) { quiet(); } });
  document.addEventListener("submit", function (event) {
    event.preventDefault();
    if (!event.target.getAttribute("data-sent")) { send(event.target); }
  });
  setInterval(function () { if (!document.hidden) { ask(); } }, 10000);
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) { ask(); keepAwake(); }
  });
  look();
})();
