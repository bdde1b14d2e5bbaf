"""One page of HTML that shows where tokens go, and needs nothing else: no network, no other file. Pure.

What it shows is in it as JSON (`contents.py`); what draws that is `page.js`, made from the sources of VS Code's token map.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

#: The page's elements, as `page.js` finds them.
_BODY = """\
<header><h1 id="name"></h1><p id="summary"></p></header>
<noscript><p>This page draws itself: allow its script, which is in the file and loads nothing.</p></noscript>
<main>
<section id="changes" hidden aria-labelledby="revision">
<h2 id="revision"></h2>
<p id="none" hidden>Nothing changed its tokens.</p>
<table><thead><tr><th scope="col">Name</th><th scope="col" class="number">Before</th><th scope="col" class="number">Now</th>\
<th scope="col" class="number">Change</th><th scope="col">Before and now</th><th scope="col">Why</th></tr></thead>\
<tbody id="changed"></tbody></table>
</section>
<section aria-labelledby="where">
<h2 id="where">Where the tokens go</h2>
<div class="controls"><label>Show <select id="scopes"></select></label></div>
<div id="map" role="tree" aria-label="Token map"></div>
</section>
<section id="detail" hidden aria-labelledby="title">
<h2 id="title" tabindex="-1"></h2>
<ul id="notes"></ul>
<pre id="text" tabindex="0" aria-label="The text as it arrives"></pre>
</section>
<section aria-labelledby="all">
<h2 id="all">All of it</h2>
<div class="controls"><label>Filter <input id="filter" type="search"></label> <span id="shown" role="status"></span></div>
<table><thead><tr id="head"></tr></thead><tbody id="rows"></tbody></table>
<div class="controls"><button type="button" id="more" hidden>More rows</button></div>
</section>
</main>
"""


def page(shown: Mapping[str, Any]) -> str:
    """The page as HTML. `shown`: what it shows, as `contents` makes it."""
    style, script = (
        (files("weighbridge.page") / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    # Nothing but its own script and style runs or is loaded, whatever the texts in it say.
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # In a script no `<` may stand that begins or ends another.
    data = json.dumps(shown, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(shown['name'])}: tokens</title>\n<style>{style}</style>\n</head>\n<body>\n{_BODY}"
        f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _digest(text: str) -> str:
    """A source as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
