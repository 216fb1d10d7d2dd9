"""The hosted pages: plain server-rendered HTML, no script."""
