"""What stands on a page, as one text without the marks that keep it from being markup."""

from streamlit.testing.v1 import AppTest


def text(app: AppTest) -> str:
    """Markdown, captions, headings and warnings, in this order."""
    shown = (*app.markdown, *app.caption, *app.subheader, *app.title, *app.warning, *app.error)
    return plain("\n".join(each.value for each in shown))


def metrics(app: AppTest) -> dict[str, str]:
    """Label and value of each card."""
    return {plain(each.label): plain(each.value) for each in app.metric}


def plain(markdown: str) -> str:
    """Without backslashes and invisible breaks."""
    return markdown.replace("\\", "").replace("\u200c", "")
