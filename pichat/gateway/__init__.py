"""Where screens, scripts and shells meet the daemon: WebSocket, health, metrics and the page."""
