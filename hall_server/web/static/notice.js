// The notice goes to the printer when the clerk says so.
"use strict";

document.getElementById("print").addEventListener("click", () => window.print());
