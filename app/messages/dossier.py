"""What Meta's support is to be shown when a business asks for a review of a template: the text, what it is for, how it
was used, what Meta made of it, and by which guideline it is utility.

Meta takes such a request only through Business Support, within 60 days of the approval or of a change of the category.
Source: Meta's pages "Template categorization", "Utility templates" and "Template review".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, Directory
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id
from app.core.problems import NotFound
from app.events.event_type import EventType, Industry, Priority
from app.events.service import EventTypes
from app.messages.models import Message
from app.messages.service import first_id_at
from app.messages.states import Status
from app.templates import chains, clocks, repository
from app.templates.advice import explain
from app.templates.creation_rules import samples_of
from app.templates.definition import PLACEHOLDER
from app.templates.findings import Finding
from app.templates.lint import lint
from app.templates.mirror import TEMPLATE_PREFIX
from app.templates.models import Template, TemplateChange
from app.templates.schemas import ChangeOut

USED_WITHIN = timedelta(days=30)
_TOLD = ("submitted", "edited", "status", "category", "category_notice")
