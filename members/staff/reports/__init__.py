"""The reports, as pages and files: each a question, its answer in words, its chart, its table."""
