"""The installed SDK is read without being imported, quickly, and kept for the next start."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.sandbox.spec.checks import Checks
from tests.sandbox.spec.convert import convert
from tests.sandbox.spec.library import Library, installed, other
from tests.sandbox.spec.module import read_classes
from tests.sandbox.spec.package import Package
from tests.stand_in.desk import ROOT, start, stop

CHECK = """
import sys
from tests.sandbox.spec.checks import checks
from tests.sandbox.spec.library import installed
checks().check_request("POST", "/v1/customers", {"email": "a@example.org"})
checks().check_object({"object": "invoice"})
assert len(installed().events) > 200
assert "stripe" not in sys.modules and "typing_extensions" not in sys.modules
"""


def reading(cache: Path, **more: str) -> subprocess.Popen[str]:
    """Start a process that reads the SDK with a cache of its own."""
    command = [sys.executable, "-c", CHECK]
    env = {**os.environ, "XDG_CACHE_HOME": str(cache), **more}
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True)


def kept(cache: Path) -> list[Path]:
    """Return the files in a cache."""
    return [path for path in cache.rglob("*") if path.is_file()]


def test_several_processes_fill_one_cache_at_a_time(tmp_path: Path) -> None:
    for process in [reading(tmp_path) for _ in range(4)]:
        assert process.wait(30) == 0
    files = kept(tmp_path)
    assert len(files) > 3
    assert all(json.loads(path.read_text()) for path in files)
    assert {path.suffix for path in files} == {".json"}


def test_a_spoilt_file_in_the_cache_is_written_again(tmp_path: Path) -> None:
    assert reading(tmp_path).wait(30) == 0
    spoilt = max(kept(tmp_path), key=lambda path: path.stat().st_size)
    whole = spoilt.read_text()
    spoilt.write_text(whole[: len(whole) // 2])
    assert reading(tmp_path).wait(30) == 0
    assert spoilt.read_text() == whole


def test_it_works_where_nothing_can_be_kept(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    assert reading(nowhere, TMPDIR=str(nowhere)).wait(30) == 0


@pytest.mark.parametrize(("already_read", "seconds"), [(False, 2.0), (True, 1.0)])
def test_it_starts_and_answers_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, already_read: bool, seconds: float
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if already_read:
        process, base = start()
        first_answer(base)
        assert stop(process) == 0
    before = computed()
    process, base = start()
    first_answer(base)
    assert stop(process) == 0
    assert computed() - before < seconds


def computed() -> float:
    """Return the seconds of work of all processes that ended: no clock, which others hold up."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def first_answer(base: str) -> None:
    """Make the stand-in read what one request and one event need."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{base}/v1/customers", b"name=Alice", {"Authorization": "Bearer sk_test_x"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - see above
        assert answer.status == 200


def test_it_knows_what_the_sdk_knows() -> None:
    library = installed()
    assert len(library.calls) > 500
    assert library.events["invoice.paid"] == "invoice"
    assert library.events["customer.subscription.deleted"] == "subscription"
    assert library.events["checkout.session.completed"] == "checkout.session"
    assert library.call("GET", "/v1/invoices/upcoming") is None
    place = library.place("charge")
    assert place is not None
    assert library.fields(place)["refunds"][1] == "0"


def test_annotations_are_read_as_the_sdk_means_them() -> None:
    source = """
from stripe._stripe_object import StripeObject
from stripe._card import Card as CardResource
class Pebble(StripeObject):
    OBJECT_NAME: ClassVar[Literal["pebble"]] = "pebble"
    class Layer(StripeObject):
        depth: Union[Literal["deep", "flat"], str]
    layers: Optional[List[Layer]]
    card: Optional[ExpandableField["CardResource"]]
    unset: NotRequired["Literal['']|int"]
    text: NotRequired["Literal['']|str"]
    in_: str
    _field_remappings = {"in_": "in"}
"""
    told = read_classes(source, "_pebble.py")
    assert told["Pebble"]["kind"] == "pebble"
    assert told["Pebble.Layer"]["fields"]["depth"] == [["open", ["deep", "flat"]], "!"]
    assert told["Pebble"]["fields"] == {
        "layers": [["list", ["class", "_pebble.py", "Pebble.Layer"]], "0"],
        "card": [["expandable", ["class", "_card.py", "Card"]], "0"],
        "unset": [["union", [["enum", [""]], "int"]], "?"],
        "text": ["str", "?"],
        "in": ["str", "!"],
    }


def test_a_wheel_is_read_as_a_folder_is(tmp_path: Path) -> None:
    wheel = tmp_path / "stripe-0-py3-none-any.whl"
    package = Package()
    wanted = ("_version.py", "_api_version.py", "_mandate.py", "_mandate_service.py",
              "params/_mandate_retrieve_params.py")  # fmt: skip
    with zipfile.ZipFile(wheel, "w") as out:
        for path in wanted:
            out.writestr(f"stripe/{path}", package.text(path))
    library = other(wheel)
    assert library.package.version == package.version
    assert list(library.calls) == ["GET /v1/mandates/{}"]
    assert list(library.kinds) == ["mandate"]
    place = library.place("mandate")
    assert place is not None
    assert library.fields(place) == installed().fields(place)


def test_a_folder_without_the_sdk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no stripe package"):
        other(tmp_path)


def test_every_type_in_the_sdk_can_be_read() -> None:
    library = Library()
    strict = Checks(library)
    for kind in library.kinds:
        strict.check_object({"object": kind})
    for name in library.calls:
        method, _, pattern = name.partition(" ")
        strict.requests.takes(method, pattern)


def test_the_openapi_document_is_converted_by_kind_and_path() -> None:
    inner = {"properties": {"a": {"type": "string", "nullable": True}, "b": {}, "c": {}},
             "required": ["b"]}  # fmt: skip
    schemas = {
        "pebble": {
            "properties": {
                "object": {"enum": ["pebble"]},
                "id": {"type": "string"},
                "note": {"type": "string", "nullable": True},
                "maybe": {"type": "integer"},
                "layers": {"type": "array", "items": {"$ref": "#/components/schemas/layer"}},
                "top": {"anyOf": [{"$ref": "#/components/schemas/layer"}], "nullable": True},
                "owner": {"$ref": "#/components/schemas/owner"},
            },
            "required": ["id", "object", "layers", "owner"],
        },
        "layer": inner,
        "owner": {"properties": {"object": {"enum": ["owner"]}, "x": {"nullable": True}}},
        "deleted_pebble": {"properties": {"object": {"enum": ["pebble"]}, "deleted": {}}},
    }
    told = convert({"info": {"version": "1"}, "components": {"schemas": schemas}})
    assert told["kinds"]["pebble"] == {
        "": ["note top", "maybe"],
        "layers": ["a", "c"],
        "top": ["a", "c"],
    }
    assert told["kinds"]["owner"] == {"": ["x", "object"]}
