"""HTTP and WebSocket in, JSON out: `app.make_app` is the application, `gateway.Gateway` what its handlers talk to."""
