"use strict";

const page = document.getElementById("docs");
SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  deepLinking: true,
  validatorUrl: null, // it would ask a server elsewhere
  presets: [SwaggerUIBundle.presets.apis],
});
