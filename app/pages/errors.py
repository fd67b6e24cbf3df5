"""Dead ends, told to customers as pages and to the snippet as problems."""

from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.core.languages import OurLanguage
from app.core.problems import Problem


class LinkUnknown(Exception):
    """An address that we did not make, or of a business that is gone."""


class LinkExpired(Exception):
    """A link that was right once."""

    def __init__(self, business: BusinessAccount, mode: Mode, language: OurLanguage | None) -> None:
        super().__init__("the link has expired")
        self.business = business
        self.mode = mode
        self.language = language


class LinkClosed(Exception):
    """An opt-in link that its business has disabled."""

    def __init__(self, business: BusinessAccount, origins: tuple[str, ...]) -> None:
        super().__init__("the link is disabled")
        self.business = business
        self.origins = origins


class LinkDisabled(Problem):
    status, code, title = 410, "link_disabled", "The link is no longer in use"


class OriginRefused(Problem):
    status, code, title = 403, "origin_not_allowed", "The link may not be used on this website"


class FormRefused(Problem):
    status, code, title = 409, "form_refused", "The form is not taken"


class FormTokenInvalid(FormRefused):
    code, title = "form_token_invalid", "The form was not fetched from here"


class FormTokenExpired(FormRefused):
    code, title = "form_token_expired", "The form was open for too long"


class FormTokenUsed(FormRefused):
    code, title = "form_token_used", "The form was sent before"


class FormTooFast(FormRefused):
    code, title = "form_too_fast", "Nobody fills a form so quickly"


class FormTrapped(FormRefused):
    code, title = "form_trapped", "A field was filled that nobody sees"


class TooManyRequests(Problem):
    status, code, title = 429, "rate_limited", "Too many attempts"
