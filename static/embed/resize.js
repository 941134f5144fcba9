// In the page that frames us: lets our frames grow with their content. Only a frame of ours is listened to, by its
// window and its origin; the height is kept within bounds; anything else is ignored.
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;
  window.addEventListener("message", function (event) {
    var told = event.data;
    if (!told || told.type !== "gpukb:resize" || typeof told.height !== "number" || !isFinite(told.height)) return;
    if (event.origin !== origin && event.origin !== "null") return; // "null": sandboxed without allow-same-origin
    Array.prototype.forEach.call(document.getElementsByTagName("iframe"), function (frame) {
      if (frame.contentWindow !== event.source || frame.src.indexOf(origin + "/embed/") !== 0) return;
      frame.style.height = Math.min(4000, Math.max(120, Math.ceil(told.height))) + "px";
    });
  });
})();
