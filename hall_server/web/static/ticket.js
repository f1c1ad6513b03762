// Phone page of a ticket: asks every 10 s how it stands. Old phones: nothing newer than ES5 here.
(function () {
  "use strict";
  var now = document.getElementById("now");
  var broken = document.getElementById("broken");

  function ask() {
    var request = new XMLHttpRequest();
    request.open("GET", now.getAttribute("data-address"));
    request.timeout = 8000;
    request.onload = function () {
      if (request.status === 200) {
        now.innerHTML = request.responseText;
        broken.hidden = true;
      } else if (request.status === 404) {
        location.reload();
      } else {
        broken.hidden = false;
      }
    };
    request.onerror = request.ontimeout = function () { broken.hidden = false; };
    request.send();
  }

  setInterval(function () { if (!document.hidden) { ask(); } }, 10000);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { ask(); } });
})();
