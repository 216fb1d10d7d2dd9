"""A person with a plain browser: cookies and forms, no JavaScript, over real HTTP."""

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Form:
    """A form as a browser holds it: where it goes and what its fields are set to."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    """Reads the forms of a page. Submit buttons with a name are offered, not pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._area = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None and tag in {"input", "textarea", "select", "button", "option"}:
            self._field(self._open, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "")
        if tag == "option":
            if self._select and ("selected" in given or self._select not in form.values):
                form.values[self._select] = value
            return
        if not name:
            return
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, form.values[name] = name, ""
        elif tag == "input" and kind in {"radio", "checkbox"}:
            if "checked" in given:
                form.values[name] = value or "on"
        elif tag == "input" and kind not in {"submit", "image", "button"}:
            form.values[name] = value

    def handle_data(self, data: str) -> None:
        if self._area and self._open is not None:
            self._open.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


@dataclass
class Page:
    """An answer: where it came from, its status and text, and where it would lead elsewhere."""

    url: str
    status: int
    text: str
    leads_to: str = ""

    @property
    def forms(self) -> list[Form]:
        reader = _Forms()
        reader.feed(self.text)
        return reader.forms

    def form_with(self, *names: str) -> Form:
        """The form that has all these fields. Raises LookupError."""
        for form in self.forms:
            if form.names.issuperset(names):
                return form
        raise LookupError(f"{self.url} ({self.status}) has no form with {', '.join(names)}")


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within the site; one that leads elsewhere is handed to the caller."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Visitor:
    """One browser session on one site."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), _StayHere()
        )

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urljoin(self.site, path)))  # noqa: S310 - our site

    def submit(self, page: Page, form: Form, **values: str) -> Page:
        """Send a form of a page with these values filled in."""
        filled = urlencode(form.values | values)
        target = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self.get(f"{target.split('?')[0]}?{filled}")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        request = urllib.request.Request(  # noqa: S310 - our site
            target, data=filled.encode(), headers={"Referer": page.url, "Origin": origin}
        )
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=30) as answer:
                return Page(answer.url, answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as answer:
            with answer:
                text = answer.read().decode(errors="replace")
            leads_to = answer.headers.get("Location", "")
            return Page(answer.url or request.full_url, answer.code, text, leads_to)
