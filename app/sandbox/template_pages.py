"""The page of templates: each with what is due, and what can be done to it. It speaks to the control API alone."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.sandbox.pages import language_of, page, template
from app.sandbox.template_words import WORDS

router = APIRouter(include_in_schema=False)

_PAGE = template("templates.html")


@router.get("/templates")
async def templates(request: Request, lang: str | None = None) -> HTMLResponse:
    language = language_of(request, lang)
    return page(_PAGE, language, WORDS[language])
