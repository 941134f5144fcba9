// The case page: the key to the sender's own names stays in the address fragment and is told to nobody.
(function () {
  "use strict";
  // htmx tells the server the whole address of the page; the key in its fragment is nobody's business.
  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["HX-Current-URL"] = window.location.href.split("#")[0];
  });
})();
