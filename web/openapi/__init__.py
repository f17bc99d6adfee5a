"""The API's own description, OpenAPI 3.1, put together from what validates and what serves.

`operation` is what a handler says of itself, `shapes` what answers look like, `document` joins both with the catalogue,
`compat` describes the routes of existing clients, `pages` serves it.
"""
