"""How requests come in and answers go out: HTTP, forms, lists, expansion, errors."""
