// The API's description, drawn by Swagger UI. Nothing is asked of any other host: no validator badge, no fonts.

globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("docs"),
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
