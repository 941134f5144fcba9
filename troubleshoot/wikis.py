"""What to paste into which wiki, and what its operator sets once (docs/embedding.md has the reasons)."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from django.utils.translation import gettext

WIDTH, HEIGHT = 720, 600
SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"


class Wiki(NamedTuple):
    name: str
    note: str
    paste: str  # what an author pastes, or ""
    once: str = ""  # what an administrator does once, or ""


def frame(source: str, title: str, width: int | str = "100%", height: int = HEIGHT) -> str:
    """One iframe, no script: consumers strip scripts."""
    wide = f"max-width:{width}px;" if isinstance(width, int) else ""
    words = {'"': "&quot;"}
    return (
        f'<iframe src="{escape(source, words)}" title="{escape(title, words)}" width="{width}" height="{height}" loading="lazy" '
        f'style="border:0;width:100%;{wide}" allow="clipboard-write" sandbox="{SANDBOX}"></iframe>'
    )


def wikis(base: str, page: str, source: str, title: str) -> list[Wiki]:
    """For each wiki what shows `page` ("kb/<slug>" or "guides/<id>") of the site at `base`; `source` is its embed."""
    full = f"{base}/{page}/"
    iframe = frame(source, title)
    plain = title.translate(str.maketrans("[]|{}", "()/()"))
    resize = f'<script src="{base}/static/embed/resize.js" defer></script>'
    return [
        Wiki(
            "Outline",
            gettext(
                "Paste the address on a line of its own and choose Embed. Outline refuses lists of origins: UNHANG_EMBED_ORIGINS must be *."
            ),
            source,
        ),
        Wiki("Docmost", gettext("Insert an Iframe block and give it this address."), source),
        Wiki(
            "BookStack",
            gettext(
                "The operator adds this site in .env once; authors paste into the HTML source view. Add the resize script under Settings, Custom HTML Head Content."
            ),
            iframe,
            f'ALLOWED_IFRAME_SOURCES="{base} https://*.draw.io"\n\n{resize}',
        ),
        Wiki(
            "wiki.js 2",
            gettext(
                "An administrator switches on Allow iframes under Rendering, Security. Then this works in Markdown and HTML pages."
            ),
            iframe,
        ),
        Wiki(
            "MediaWiki",
            gettext(
                "With Extension:Widgets an administrator saves the first text as the page Widget:Unhang; authors use the second."
            ),
            f"{{{{#widget:Unhang|page={page}|height={HEIGHT}}}}}",
            widget(base),
        ),
        Wiki(
            "DokuWiki", gettext("Needs the iframe plug-in."), f"{{{{url>{source} 100%,{HEIGHT}px noborder|{plain}}}}}"
        ),
        Wiki(
            "Confluence Data Center",
            gettext(
                "An administrator makes a user macro named unhang with this template; authors insert it and name the page. Cloud cannot frame a private site: paste the link, it becomes a card."
            ),
            f"{{unhang:page={page}}}",
            user_macro(base, resize),
        ),
        Wiki(
            "GitLab",
            gettext("An experiment of GitLab's, self-managed only. Elsewhere readers see a link."),
            f"![{plain}]({full.rstrip('/')})",
            iframe_provider(urlsplit(base).netloc),
        ),
        Wiki("Notion", gettext("Type /embed and paste. The reader's browser must be able to reach this site."), source),
        Wiki(
            gettext("Feishu, Yuque, GitHub, anything else"),
            gettext("No frames there: a link that shows title and summary."),
            f"[{plain}]({full})",
        ),
        Wiki(
            "HTML",
            gettext("Any page of your own. The second line lets the frame grow with its content; it is optional."),
            f"{iframe}\n{resize}",
        ),
    ]


def widget(base: str) -> str:
    """The text of the MediaWiki page Widget:Unhang; Smarty escapes what authors give."""
    return (
        f'<iframe src="{base}/embed/<!--{{$page|escape:\'urlpathinfo\'}}-->/" title="Unhang" width="100%" '
        f'height="<!--{{$height|escape:\'html\'|default:{HEIGHT}}}-->" loading="lazy" style="border:0" allow="clipboard-write"></iframe>'
    )


def user_macro(base: str, resize: str) -> str:
    """A Confluence user macro; Velocity escapes what authors give."""
    return f"""## @param page:title=Page|type=string|required=true|desc=kb/… or guides/…
## @param height:title=Height|type=int|default={HEIGHT}
<iframe src="{base}/embed/$parampage/" title="Unhang" width="100%" height="$paramheight" loading="lazy" style="border:0" allow="clipboard-write"></iframe>
{resize}"""


def iframe_provider(host: str) -> str:
    """A provider for gitlab.yml; GitLab matches one named segment at a time and drops other query values."""
    return f"""iframe_providers:
  unhang:
    name: Unhang
    matches:
      - {{ host: {host}, path: "/embed/{{kind}}/{{slug}}" }}
      - {{ host: {host}, path: "/{{kind}}/{{slug}}" }}
    requires: {{ kind: [kb, guides] }}
    src: "https://{host}/embed/{{kind}}/{{slug}}/"
    sandbox: [allow-scripts, allow-same-origin, allow-popups, allow-popups-to-escape-sandbox]
    require_activation: false"""
